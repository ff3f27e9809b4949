"""The family of domain errors: a room subclasses a kind and adds a code, a sentence and facts.

DomainError
├── Unauthenticated   401  we do not know you
├── PaymentRefused    402  the provider said no
├── Forbidden         403  we know you; not this
├── NotFound          404  absent, or not yours to see
├── Conflict          409  the present state does not allow it
├── Gone              410  it was here
├── Invalid           422  the request itself is wrong
│   └── Malformed     400  not even readable: a header, a signature, a cursor
├── RateLimited       429  slower, please
├── Unavailable       503  not now; a retry is sensible
└── Bug               500  our fault

The numbers stand here for the reader only; `platform/http/problems.py` holds the table in force.
"""

from typing import Any, ClassVar


class DomainError(Exception):
    """Something that we refuse, in words a caller may read.

    `code` is a stable promise, `detail` may improve, `facts` are extra members of the problem
    document. Neither may hold a secret or the rejected input (D9).
    """

    code: ClassVar[str] = "ERROR"
    title: ClassVar[str] = "The request could not be carried out."
    constraint: ClassVar[str | None] = None
    """Name of the database constraint, or of the code raised by a function, that means this."""

    def __init__(self, detail: str | None = None, **facts: Any) -> None:
        self.detail = detail or (self.__doc__ or self.title).strip().splitlines()[0]
        self.facts = facts
        super().__init__(self.detail)


class Unauthenticated(DomainError):
    """Sign in first: the credentials are missing, wrong or expired."""

    code = "UNAUTHORIZED"
    title = "Not signed in"


class PaymentRefused(DomainError):
    """The payment was refused."""

    code = "PAYMENT_REQUIRED"
    title = "Payment refused"


class Forbidden(DomainError):
    """You may not do this."""

    code = "FORBIDDEN"
    title = "Not allowed"


class NotFound(DomainError):
    """There is nothing here, or it is not yours to see."""

    code = "NOT_FOUND"
    title = "Not found"


class Conflict(DomainError):
    """The present state does not allow this."""

    code = "CONFLICT"
    title = "Conflict with the present state"


class Gone(DomainError):
    """It was here once, and is no more."""

    code = "GONE"
    title = "Gone"


class Invalid(DomainError):
    """The request is not valid."""

    code = "INVALID_REQUEST"
    title = "Invalid request"


class Malformed(Invalid):
    """The request cannot be read."""

    code = "MALFORMED_REQUEST"
    title = "Unreadable request"


class RateLimited(DomainError):
    """Too many requests: wait a little."""

    code = "RATE_LIMITED"
    title = "Too many requests"


class Unavailable(DomainError):
    """Not possible at this moment: try again shortly."""

    code = "UNAVAILABLE"
    title = "Temporarily unavailable"


class Bug(DomainError):
    """Something went wrong on our side. It has been recorded."""

    code = "INTERNAL_ERROR"
    title = "Internal error"
