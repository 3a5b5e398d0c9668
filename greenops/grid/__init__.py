"""Carbon intensity as data: checked, put in order, completed. Pure."""
