"""The two functions of an older system, at their old addresses and in their old shape.

Not here: what they do, which is what everybody's routes do too (bookings, recurring). No new
caller should come this way. Announces nothing.
"""
