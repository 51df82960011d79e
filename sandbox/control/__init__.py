"""The sandbox itself: its app, settings, books and its own endpoints."""
