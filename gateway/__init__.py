"""The service that front ends talk to: storyboards, scripts, pictures, streams and the page."""
