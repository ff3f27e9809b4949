"""Saved methods: cards that a client lets a specialist charge later, and when they are charged.

Not here: the payments and the calls that move money (payments), the series that name a card
(recurring). Never a card number: only a card's names at its provider.
Announces nothing; a refused card is announced by payments.
"""
