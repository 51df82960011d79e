"""The life of a picture, from order to storage."""
