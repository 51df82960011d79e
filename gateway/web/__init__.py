"""The built-in page: static files, served as they are, without a build step."""
