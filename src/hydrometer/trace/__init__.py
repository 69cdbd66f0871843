"""Offline: was this model distilled from that one?"""
