"""Recurring: series, and the dispatcher that makes ordinary bookings of their dates (D13).

Not here: the bookings themselves, which live, are paid and end as every other one does.
Announces: SeriesCreated, SeriesChanged, SeriesPaused, SeriesResumed, SeriesAccepted, SeriesEnded.
"""
