"""Exchanges to numbers."""
