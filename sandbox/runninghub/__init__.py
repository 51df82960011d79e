"""RunningHub's task API."""
