"""What can be wrong about consents and erasure."""

from consulta.kernel.errors import Conflict, Forbidden


class NotConfirmed(Forbidden):
    """Erasure asks for your password or, where you have none, for your e-mail address."""

    code = "NOT_CONFIRMED"


class ErasureBlocked(Conflict):
    """Something of yours is not over yet: `blocking` says what, and how much of it."""

    code = "ERASURE_BLOCKED"


class AccountErased(Conflict):
    """This account has been erased: nothing begins with it any more."""

    code = "ACCOUNT_ERASED"
    constraint = "ck_users_erased"


class TooManyConsents(Conflict):
    """You have changed your mind too often for us to keep it all."""

    code = "TOO_MANY_CONSENTS"
