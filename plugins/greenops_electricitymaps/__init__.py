"""Carbon intensity from Electricity Maps."""
