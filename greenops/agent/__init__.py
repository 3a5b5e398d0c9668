"""The daemon: jobs that wait, pause and move by themselves."""
