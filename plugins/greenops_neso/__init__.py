"""Carbon intensity from the National Energy System Operator of Great Britain."""
