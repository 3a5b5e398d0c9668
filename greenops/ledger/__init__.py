"""The append-only store of runs and samples."""
