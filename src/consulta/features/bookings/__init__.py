"""Bookings: sessions between a client and a specialist, their states and their history.

Not here: the calendar (availability), the money (payments), who is told (notifications).
Announces: BookingRequested, BookingAwaitsConfirmation, BookingConfirmed, BookingDeclined,
BookingCancelled, BookingCompleted, ClientDidNotShow.
"""
