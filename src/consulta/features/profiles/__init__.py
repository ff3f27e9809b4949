"""Profiles: what a person is called, where they are, and how they are reached.

Not here: accounts and passwords (auth), what a specialist offers (specialists). Announces nothing.
"""
