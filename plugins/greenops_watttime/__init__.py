"""Carbon intensity from WattTime."""
