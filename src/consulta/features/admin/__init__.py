"""Admin: acting for others, on the record: who may do what, and whose page is public.

Not here: bookings, payments and jobs, which admins reach in their own rooms. Announces nothing.
"""
