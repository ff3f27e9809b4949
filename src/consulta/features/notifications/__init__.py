"""Notifications: who is told what by mail, once, and when: after bookings, series, packages and
payments have moved, and before a session begins; and which of it a person wants to hear.

Not here: what happened (the rooms below say it through the outbox, the tables hold the truth), and
the carrying of mail (providers/messages). Announces `session.follow_up_due`.
"""
