"""When one job runs at one place: a stretch, pauses, a changing number of GPUs."""
