"""Stateful fakes of Zoom, Microsoft Graph and Google Calendar, all at one address: their paths do
not meet. Tokens expire, replies get lost, and what was made is still there afterwards.

Not here: anything that the product itself runs.
"""

from tests.fakes.video.running import FakeVideo, running_fake_video

__all__ = ["FakeVideo", "running_fake_video"]
