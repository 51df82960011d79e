"""How other servers are called."""
