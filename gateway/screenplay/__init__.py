"""From an idea to a whole short-drama script, and the picture prompts in it."""
