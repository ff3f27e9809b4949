"""What can be wrong about signing up and signing in."""

from consulta.kernel.errors import Conflict, Forbidden, Malformed, NotFound, Unauthenticated


class EmailTaken(Conflict):
    """There is an account with this e-mail address."""

    # Registration signs in at once, so it cannot hide this; a turn per address bounds the asking.
    code = "EMAIL_TAKEN"
    constraint = "uq_users_email"


class InvalidCredentials(Unauthenticated):
    """The e-mail address or the password is wrong."""

    code = "INVALID_CREDENTIALS"


class InvalidRefreshToken(Unauthenticated):
    """The refresh token is not in force: sign in again."""

    code = "INVALID_REFRESH_TOKEN"


class AccountDisabled(Forbidden):
    """This account has been disabled."""

    code = "ACCOUNT_DISABLED"


class AccountNotFound(NotFound):
    """There is no account with this e-mail address."""

    code = "ACCOUNT_NOT_FOUND"


class ResetTokenInvalid(Malformed):
    """The link is not good: it was used, has expired, or another one came after it."""

    code = "RESET_TOKEN_INVALID"


class VerificationTokenInvalid(Malformed):
    """The link is not good: it was used, has expired, or another one came after it."""

    code = "VERIFICATION_TOKEN_INVALID"
