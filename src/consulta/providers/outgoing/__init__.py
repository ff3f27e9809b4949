"""Outgoing: posting to addresses that people have given us."""
