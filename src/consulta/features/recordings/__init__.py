"""Recordings: what was recorded of sessions, where it is kept, until when, and who may fetch it.

Not here: the objects (providers/storage), the sessions (bookings). A worker outside makes them and
an admin's token brings them; both parties look. Announces that a recording is ready (the outbox).
"""
