"""The errors of admin."""

from consulta.kernel.errors import Conflict, NotFound


class UserNotFound(NotFound):
    """There is no such account."""

    code = "USER_NOT_FOUND"


class CannotChangeYourself(Conflict):
    """Another admin has to change your own role or state, so that one always remains."""

    code = "CANNOT_CHANGE_YOURSELF"
