"""Dsn: an address of a database that never prints its password."""

from dataclasses import dataclass
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit, urlunsplit


@dataclass(frozen=True, slots=True, repr=False)
class Dsn:
    """A `postgresql://` address as asyncpg and psql understand it."""

    text: str

    def __post_init__(self) -> None:
        parts = urlsplit(self.text)
        if parts.scheme not in {"postgresql", "postgres"} or not parts.path.strip("/"):
            raise ValueError("a database address looks like postgresql://login:password@host/name")

    @property
    def user(self) -> str:
        return unquote(urlsplit(self.text).username or "")

    @property
    def password(self) -> str:
        return unquote(urlsplit(self.text).password or "")

    @property
    def database(self) -> str:
        return unquote(urlsplit(self.text).path.lstrip("/"))

    @property
    def host(self) -> str:
        return urlsplit(self.text).hostname or dict(parse_qsl(urlsplit(self.text).query)).get(
            "host", ""
        )

    def with_database(self, database: str) -> "Dsn":
        parts = urlsplit(self.text)
        return Dsn(urlunsplit(parts._replace(path="/" + quote(database, safe=""))))

    def with_login(self, user: str, password: str) -> "Dsn":
        """The same server and database for another login."""
        parts = urlsplit(self.text)
        place = parts.netloc.rpartition("@")[2]
        login = f"{quote(user, safe='')}:{quote(password, safe='')}"
        return Dsn(urlunsplit(parts._replace(netloc=f"{login}@{place}")))

    def for_sqlalchemy(self) -> str:
        """The address with the driver named; asyncpg's own parameters stay in the query."""
        parts = urlsplit(self.text)
        query = urlencode(parse_qsl(parts.query))
        return urlunsplit(parts._replace(scheme="postgresql+asyncpg", query=query))

    def __repr__(self) -> str:
        return f"Dsn(postgresql://{self.user}:***@{self.host}/{self.database})"

    __str__ = __repr__
