"""Carbon intensity of the hours ahead, with bands that hold what they promise. Pure."""
