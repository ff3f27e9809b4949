"""Availability: weekly rules, exceptions, open slots, claims and holds. It owns the calendar.

Not here: what a claim is for (bookings). It announces nothing: the claim is a call, not a fact.
"""
