"""Volcengine's Jimeng 4.0."""
