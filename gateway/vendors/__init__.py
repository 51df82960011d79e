"""Translators: the LLM vendors' words and imagegen's."""
