"""Jobs: scheduled work as people see it: what there is, when it ran, and a bell to ring for it.

Not here: the running itself (platform), the work itself (each room's own `jobs.py`).
Announces nothing.
"""
