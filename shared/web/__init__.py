"""Everything between a socket and an endpoint."""
