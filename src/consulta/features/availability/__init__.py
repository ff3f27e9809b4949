"""Availability: the week, its exceptions, free times, and holds on them.

Not here: bookings, which claim a span in the same calendar (bookings); prices (specialists).
Announces nothing: whoever needs a free time asks the one slot engine (D2).
"""
