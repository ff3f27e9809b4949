"""What can be wrong about a profile."""

from consulta.kernel.errors import NotFound


class ProfileNotFound(NotFound):
    """This account has no profile."""

    code = "PROFILE_NOT_FOUND"
