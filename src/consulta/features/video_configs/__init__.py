"""Video configs: where a specialist's sessions take place, and the sealed secrets of that.

Not here: the meeting of a booking (meetings), a vendor's calls (providers). Links and keys come in
and never go out: people write them, the worker alone opens them. Announces nothing; the outbox
hears of `video.config_saved` and `video.connection_broken`.
"""
