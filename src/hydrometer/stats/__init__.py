"""Numbers only: arrays in, result objects out. No Arrow, no text."""
