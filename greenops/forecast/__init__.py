"""Forecasts of carbon intensity from its own past. Pure."""
