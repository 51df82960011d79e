"""A script's image prompts, made through RunningHub."""
