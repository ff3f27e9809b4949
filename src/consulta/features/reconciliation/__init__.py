"""Reconciliation: a provider's books held against ours, and the list of what a person has to see.

Not here: moving money (payments), letters from providers (webhooks). It mends through payments
alone, and parks what cannot be mended safely.
It announces nothing of its own.
"""
