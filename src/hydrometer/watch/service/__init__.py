"""The HTTP service: ingest and decide."""
