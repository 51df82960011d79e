"""Text handling that the storyboard and the screenplay share."""
