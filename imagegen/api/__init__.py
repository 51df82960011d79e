"""imagegen over HTTP."""
