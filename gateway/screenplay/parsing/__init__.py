"""Reads a script: its directory, its scenes, its image prompts."""
