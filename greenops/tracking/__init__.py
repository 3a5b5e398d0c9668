"""One measured run, from its start to its summary."""
