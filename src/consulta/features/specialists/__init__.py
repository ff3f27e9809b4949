"""Specialists: who offers what, in which languages, at what price, and who has been verified.

Not here: the calendar (availability), how money is taken (payments), ratings (reviews).
Announces nothing: the directory is read, not followed.
"""
