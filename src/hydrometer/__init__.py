"""Hydrometer: was this model distilled from that one, and how surely?"""

__version__ = "0.1.0"
