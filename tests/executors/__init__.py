"""Stands on which executors are tested: jobs whose every step a test decides."""
