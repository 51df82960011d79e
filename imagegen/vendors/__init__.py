"""Translators of the picture vendors' words."""
