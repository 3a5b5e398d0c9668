"""Very many jobs, each planned as if it were alone: the re-planning of a whole day."""
