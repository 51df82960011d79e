"""The sister service as the gateway calls it."""
