"""Intake: what a specialist asks before a session, and what the client answers, sealed.

Not here: the session itself (bookings), what was written about it (session_notes). Whoever reads or
writes answers leaves an entry in the audit log first; admins have no right to them. Announces
nothing; the outbox hears that an intake is complete.
"""
