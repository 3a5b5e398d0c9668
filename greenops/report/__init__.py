"""What was measured, said to people."""
