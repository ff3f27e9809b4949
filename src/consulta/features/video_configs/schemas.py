"""Bodies and answers about video configs. Links and keys come in as secrets, and go out never."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import AfterValidator, Field, SecretStr, model_validator

from consulta.features.video_configs.rules import Offered
from consulta.platform.http.schema import Answer, Blankable, Body, shown_as

Provider = Literal["zoom", "teams", "meet", "custom"]
Mode = Literal["static", "api"]
Recording = Literal["none", "local", "cloud"]
State = Literal["connected", "broken"]

_LINK = re.compile(r"https://[A-Za-z0-9.-]{1,253}(:[0-9]{1,5})?(/[^\s@\\]{0,1800})?")
_SECRET = re.compile(r"[\x21-\x7e]{8,1024}")
_PASSCODE = re.compile(r"[\x20-\x7e]{1,64}")


def _link(value: SecretStr) -> SecretStr:
    if _LINK.fullmatch(value.get_secret_value()) is None:
        raise ValueError("is not an https:// address")
    return value


def _secret(value: SecretStr) -> SecretStr:
    if _SECRET.fullmatch(value.get_secret_value()) is None:
        raise ValueError("does not look like this vendor's secret")
    return value


def _passcode(value: SecretStr) -> SecretStr:
    if _PASSCODE.fullmatch(value.get_secret_value()) is None:
        raise ValueError("is not a passcode")
    return value


# The pattern is the text's own: None, which a blank becomes, has none to fit.
_PlainId = Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,200}$")]
_Host = Annotated[str, Field(max_length=254, pattern=r"^[A-Za-z0-9@._%+#-]+$")]
PlainId = Annotated[_PlainId | None, Blankable]
Host = Annotated[_Host | None, Blankable]
_GUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")

_NEEDED: Mapping[tuple[str, str], tuple[str, ...]] = {
    ("zoom", "api"): ("account_id", "client_id", "client_secret"),
    ("teams", "api"): ("tenant_id", "client_id", "client_secret", "host"),
    ("meet", "api"): ("client_id", "client_secret", "refresh_token"),
}
_OPTIONAL: Mapping[tuple[str, str], tuple[str, ...]] = {
    ("zoom", "api"): ("host",),
    ("meet", "api"): ("host",),
}
_STATIC = ("link",)
_ANY_STATIC = ("passcode",)
_PARTS = (
    *("link", "passcode", "account_id", "tenant_id", "client_id", "client_secret"),
    *("refresh_token", "host"),
)
_ACCOUNT = {"zoom": "account_id", "teams": "tenant_id", "meet": "client_id"}
_HOST = {"zoom": "me", "teams": "", "meet": "primary"}


class VideoConfigPut(Body):
    """Where sessions take place: at a link that stays the same, or in a meeting that is made for
    each booking with the credentials of an app.
    """

    provider: Provider
    mode: Mode
    waiting_room: bool = Field(
        True, description="Clients wait until you let them in. Google Meet knows nothing else."
    )
    recording: Recording = Field("none", description="Asked of Zoom and Teams, in mode `api`.")
    link: Annotated[SecretStr, AfterValidator(_link)] | None = Field(
        None, description="Mode `static`: the address of your room."
    )
    passcode: Annotated[SecretStr, AfterValidator(_passcode)] | None = None
    account_id: PlainId = Field(None, description="Zoom: the account of the app.")
    tenant_id: PlainId = Field(None, description="Teams: the directory.")
    client_id: PlainId = Field(None, description="Mode `api`: the id of the app.")
    client_secret: Annotated[SecretStr, AfterValidator(_secret)] | None = None
    refresh_token: Annotated[SecretStr, AfterValidator(_secret)] | None = Field(
        None, description="Google Meet: what you granted to the app."
    )
    host: Host = Field(
        None,
        description="Zoom: your user, by default `me`. Teams: the object id of your user. Google"
        " Meet: your calendar, by default `primary`.",
    )

    model_config = shown_as(
        provider="zoom", mode="static", link="https://zoom.us/j/5551112222?pwd=c2FtcGxl"
    )

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        kind = (self.provider, self.mode)
        if self.mode == "api" and kind not in _NEEDED:
            raise ValueError("a custom room has a link that stays the same")
        needed = _STATIC if self.mode == "static" else _NEEDED[kind]
        allowed = _ANY_STATIC if self.mode == "static" else _OPTIONAL.get(kind, ())
        given = {name for name in _PARTS if getattr(self, name) is not None}
        if missing := sorted(set(needed) - given):
            raise ValueError(f"{self.provider}, {self.mode}: {', '.join(missing)} is missing")
        if superfluous := sorted(given - {*needed, *allowed}):
            raise ValueError(f"{self.provider}, {self.mode}: no use for {', '.join(superfluous)}")
        if kind == ("teams", "api") and _GUID.fullmatch(self.host or "") is None:
            raise ValueError("host is not the object id of a user")
        if self.recording != "none" and (self.mode == "static" or self.provider == "meet"):
            raise ValueError("a recording cannot be asked for there")
        return self

    def offered(self) -> Offered:
        given = {name: _plain(getattr(self, name)) for name in _PARTS if name != "host"}
        is_api = self.mode == "api"
        return Offered(
            provider=self.provider,
            mode=self.mode,
            account=(given[_ACCOUNT[self.provider]] or "") if is_api else "",
            host=(self.host or _HOST[self.provider]) if is_api else "",
            waiting_room=self.waiting_room,
            recording=self.recording,
            secrets={name: value for name, value in given.items() if value is not None},
        )


def _plain(value: SecretStr | str | None) -> str | None:
    return value.get_secret_value() if isinstance(value, SecretStr) else value


_PLAIN = (
    *("id", "provider", "mode", "waiting_room", "recording", "state", "last_error"),
    *("checked_at", "created_at", "updated_at"),
)


class VideoConfigOut(Answer):
    """A config as it may be shown: its secrets are told apart by their last characters."""

    id: UUID
    provider: Provider
    mode: Mode
    waiting_room: bool
    recording: Recording
    account: str | None = Field(description="Zoom's account, Teams' directory, or Google's app.")
    host: str | None
    state: State = Field(
        description="Broken: the vendor does not let us in; connect it anew. Where `checked_at` is"
        " null, nobody has tried yet."
    )
    last_error: str | None = Field(description="Why it is broken, as a stable code.")
    checked_at: datetime | None
    hints: dict[str, str] = Field(description="The last four characters of each secret.")
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> Self:
        return cls(
            **{name: row[name] for name in _PLAIN},
            account=row["account"] or None,
            host=row["host"] or None,
            hints=row["hints"],
        )
