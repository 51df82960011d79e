"""Reads the frames out of a model's answer."""
