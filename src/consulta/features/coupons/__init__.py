"""Coupons: discounts by code, of one specialist or of the house, and what became of them.

Not here: taking a use and giving it back, which happen with the booking (bookings, `app.spend`).
Announces nothing: the booking keeps a copy of what it was given (D7).
"""
