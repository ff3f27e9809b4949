"""The errors of meetings."""

from consulta.kernel.errors import Conflict, NotFound


class MeetingNotFound(NotFound):
    """There is no video meeting for this booking, or it is not yours to see."""

    code = "MEETING_NOT_FOUND"


class MeetingNotReady(Conflict):
    """There is no meeting to join yet."""

    code = "MEETING_NOT_READY"


class MeetingNotFailed(Conflict):
    """The meeting has not failed: there is nothing to try again."""

    code = "MEETING_NOT_FAILED"


class TooEarlyToJoin(Conflict):
    """The meeting opens a quarter of an hour before it begins."""

    code = "TOO_EARLY_TO_JOIN"


class SessionOver(Conflict):
    """The session is over."""

    code = "SESSION_OVER"
