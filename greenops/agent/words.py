"""Reasons that several parts of the daemon give in the same words."""

BLIND = "nothing is known of the hours ahead anywhere: it does not wait for them"
