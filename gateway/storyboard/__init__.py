"""From a story to storyboard frames."""
