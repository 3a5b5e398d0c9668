"""Changes to a training that may save energy, each for a trial to prove or refute."""
