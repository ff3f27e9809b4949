"""The people of the wall's little world, and every identity a transaction can be stamped with."""

import hashlib
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from consulta.kernel.actor import Actor, Role
from consulta.platform.db.work import _begin


def uid(name: str) -> UUID:
    """The same real-looking id for the same name, in every run."""
    return UUID(hashlib.md5(name.encode(), usedforsecurity=False).hexdigest())


CLIENTS = ("anna", "ben")
SPECIALISTS = ("sara", "omar", "uma")
"""Uma is not verified yet; Omar also books with Sara, as her client."""
PEOPLE = (*CLIENTS, *SPECIALISTS, "ada")


class Kind(StrEnum):
    """What the database takes a transaction for: its working role."""

    LOGIN = "consulta_api"
    ANONYMOUS = "consulta_anonymous"
    PERSON = "consulta_user"
    ADMIN = "consulta_admin"
    WORKER = "consulta_worker"
    DEFINER = "consulta_definer"
    OWNER = "consulta_owner"


@dataclass(frozen=True, slots=True)
class Identity:
    """Who a transaction acts for. `person` is None where nobody is named, or nonsense is."""

    name: str
    login: str
    kind: Kind
    person: str | None
    begin: str


def _person(name: str, role: Role, login: str, kind: Kind) -> Identity:
    return Identity(name, login, kind, name, _begin(Actor(role, uid(name)), read_only=False))


def _stamped(name: str, login: str, kind: Kind, user: str = "") -> Identity:
    begin = (
        f"BEGIN; SELECT set_config('role', '{kind}', true),"
        f" set_config('app.user_id', '{user}', true), set_config('app.request_id', '', true)"
    )
    return Identity(name, login, kind, None, begin)


_API, _ADMIN, _MIGRATOR = "consulta_api", "consulta_admin", "consulta_migrator"
_WORKER = "consulta_worker"

IDENTITIES = (
    Identity("a login with no role", _API, Kind.LOGIN, None, "BEGIN"),
    Identity("anonymous", _API, Kind.ANONYMOUS, None, _begin(Actor.anonymous(), read_only=False)),
    *(_person(name, Role.CLIENT, _API, Kind.PERSON) for name in CLIENTS),
    *(_person(name, Role.SPECIALIST, _API, Kind.PERSON) for name in SPECIALISTS),
    _stamped("a person without a name", _API, Kind.PERSON),
    _stamped("a person named nonsense", _API, Kind.PERSON, "Robert; DROP TABLE"),
    _person("stranger", Role.CLIENT, _API, Kind.PERSON),
    Identity(
        "a person who was never stamped",
        _API,
        Kind.PERSON,
        None,
        "BEGIN; SET LOCAL ROLE consulta_user",
    ),
    _person("ada", Role.ADMIN, _ADMIN, Kind.ADMIN),
    _stamped("an admin without a name", _ADMIN, Kind.ADMIN),
    Identity("an admin who was never stamped", _ADMIN, Kind.ADMIN, None, "BEGIN"),
    Identity("the worker", _WORKER, Kind.WORKER, None, _begin(Actor.system("t"), read_only=False)),
    _stamped("the definer", _MIGRATOR, Kind.DEFINER),
    _stamped("the owner", _MIGRATOR, Kind.OWNER),
)
