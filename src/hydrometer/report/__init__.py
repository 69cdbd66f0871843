"""Findings to JSON, Markdown and HTML. Reads findings, never engines."""
