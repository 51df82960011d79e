"""DeepSeek's chat completions."""
