"""Webhooks: the letter-box for payment providers. A letter is verified, stored once, acknowledged,
and only then handled.

Not here: what a letter means for money (payments). It announces nothing of its own.
"""
