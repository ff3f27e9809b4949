"""Compliance: what people agree to, all that is held about them in one document, and their erasure.

Not here: what each room holds about people and how it clears that (their `personal_data`), and
purging by age (the rooms' own jobs). Announces nothing; what happens is audited without contents.
"""
