"""Meetings: the video meeting of each confirmed booking, and who is let in when.

Not here: where a specialist's sessions take place (video_configs), a vendor's calls (providers),
the session itself (bookings). Announces nothing; the outbox hears of `meeting.ready` and
`meeting.failed`.
"""
