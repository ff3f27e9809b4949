"""Packages: several sessions sold at once, what was bought, and the ledger of its credits.

Not here: the sessions that a credit pays for (bookings), the money (payments).
Announces nothing; what happens to a purchase goes to the outbox.
"""
