"""Every log format to observations."""
