"""Anthropic's Messages API, and a relay that speaks OpenAI's."""
