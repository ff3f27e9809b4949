"""Session notes: what the specialist wrote about a session, sealed, and what was appended to it.

Not here: the session itself (bookings), what the client told beforehand (intake). Whoever reads or
writes a note leaves an entry in the audit log first. Announces nothing; the outbox hears that a
note was made or amended.
"""
