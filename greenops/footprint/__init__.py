"""Energy into emissions: pure arithmetic."""
