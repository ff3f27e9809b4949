"""Live: the stream of server-sent events of whoever is signed in: what happens to the own bookings.

Not here: what is in the stream (facts of other rooms, told by the outbox), posts to other systems
(subscribers). Announces nothing.
"""
