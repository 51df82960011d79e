"""The language models: one client per dialect."""
