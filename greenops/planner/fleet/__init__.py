"""Many jobs that compete for capacity: exact if few, near the bound if many."""
