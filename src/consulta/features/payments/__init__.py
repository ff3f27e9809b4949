"""Payments: what we know of each charge at its provider, and the operations that make it move.

Not here: what is being paid for (bookings), which keys are used (payment_configs), the letter-box
(webhooks). Blind to vendors: it speaks to the port alone.
Announces: PaymentAuthorized, PaymentTaken, PaymentReleased, PaymentReturned, PaymentDisputed,
PaymentCameTooLate, SavedCardRefused.
"""
