"""Carbon intensity from the ENTSO-E Transparency Platform."""
