"""The durable core: accept a task, run it once, log it, follow it, take it over, forget it."""
