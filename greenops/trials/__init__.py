"""Deciding from measurements whether a change to a training saves, or harms. Pure."""
