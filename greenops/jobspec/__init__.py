"""What people write of their jobs and places, read into records."""
