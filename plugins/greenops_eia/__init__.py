"""Carbon intensity from the U.S. Energy Information Administration."""
