"""The errors of reviews."""

from consulta.kernel.errors import Conflict, NotFound


class ReviewNotFound(NotFound):
    """There is no such review, or it is not yours to see."""

    code = "REVIEW_NOT_FOUND"


class SessionNotCompleted(Conflict):
    """Only a session that was held can be reviewed."""

    code = "BOOKING_NOT_COMPLETED"


class ReviewExists(Conflict):
    """You have reviewed this session: change what you wrote."""

    code = "REVIEW_EXISTS"


class ReviewFinal(Conflict):
    """A review can be changed for thirty days."""

    code = "REVIEW_FINAL"


class ReviewReplied(Conflict):
    """You have replied to this review already, and that is done once."""

    code = "REVIEW_REPLIED"
