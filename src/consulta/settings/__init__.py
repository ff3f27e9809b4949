"""Settings in small groups, read from the environment once and passed down; nobody else reads it.

What is unsafe is refused here, at the start, with the name of the variable and the reason.
"""

from typing import Literal, Self

from pydantic import Field, ValidationError, model_validator

from consulta.settings import safety
from consulta.settings.groups import (
    AuthSettings,
    DatabaseSettings,
    Group,
    HttpSettings,
    LiveSettings,
    MailSettings,
    ObservabilitySettings,
    PaymentSettings,
    PayTabsRegion,
    RecurringSettings,
    ScheduleSettings,
    SecuritySettings,
    StorageSettings,
    SubscriberSettings,
    VideoSettings,
)

__all__ = [
    "AuthSettings",
    "DatabaseSettings",
    "HttpSettings",
    "LiveSettings",
    "MailSettings",
    "ObservabilitySettings",
    "PayTabsRegion",
    "PaymentSettings",
    "RecurringSettings",
    "ScheduleSettings",
    "SecuritySettings",
    "Settings",
    "StorageSettings",
    "SubscriberSettings",
    "UnsafeSettings",
    "VideoSettings",
]


class UnsafeSettings(Exception):
    """The settings cannot be served with; each reason names a variable and what is wrong."""

    def __init__(self, reasons: list[str]) -> None:
        self.reasons = reasons
        super().__init__("; ".join(reasons))


class Settings(Group):
    """All groups. `Settings.load()` reads the environment; `ensure_safe()` refuses what must not
    serve.
    """

    environment: Literal["development", "test", "production"] = Field(
        "production", alias="CONSULTA_ENV"
    )
    database: DatabaseSettings = Field(default_factory=DatabaseSettings)
    auth: AuthSettings = Field(default_factory=AuthSettings)
    payments: PaymentSettings = Field(default_factory=PaymentSettings)
    http: HttpSettings = Field(default_factory=HttpSettings)
    schedule: ScheduleSettings = Field(default_factory=ScheduleSettings)
    recurring: RecurringSettings = Field(default_factory=RecurringSettings)
    mail: MailSettings = Field(default_factory=MailSettings)
    storage: StorageSettings = Field(default_factory=StorageSettings)
    video: VideoSettings = Field(default_factory=VideoSettings)
    live: LiveSettings = Field(default_factory=LiveSettings)
    subscribers: SubscriberSettings = Field(default_factory=SubscriberSettings)
    observability: ObservabilitySettings = Field(default_factory=ObservabilitySettings)
    security: SecuritySettings = Field(default_factory=SecuritySettings)

    @classmethod
    def load(cls) -> Self:
        """The environment as settings. Raises `UnsafeSettings`, which never repeats a value."""
        groups = [field.annotation for field in cls.model_fields.values()]
        # Group by group, so that whoever sets up a service hears everything at once.
        found = [reason for group in groups for reason in _unreadable(group)]
        if found:
            raise UnsafeSettings(found)
        try:
            return cls()
        except ValidationError as error:
            raise UnsafeSettings(_sentences(error)) from None

    @property
    def is_production(self) -> bool:
        return self.environment == "production"

    @property
    def shows_docs(self) -> bool:
        return self.http.docs if self.http.docs is not None else not self.is_production

    @property
    def payment_return_url(self) -> str:
        """Where payers go on to: as said, else to the first frontend, else to our own root."""
        first = self.http.allowed_origins[:1]
        return self.payments.return_url or (first[0] if first else self.http.public_url)

    def problems(self) -> list[str]:
        """Everything that forbids serving with these settings, a sentence each."""
        where = {"is_production": self.is_production}
        found = [
            *safety.database_problems(self.database),
            *safety.secret_problems(self.auth, self.schedule),
        ]
        if not self.security.encryption_keys.get_secret_value():
            found.append("ENCRYPTION_KEYS is not set (kid:base64 of 32 bytes)")
        return [
            *found,
            *self.storage_problems(),
            *safety.auth_problems(self.auth, **where),
            *safety.payment_problems(self.payments, **where),
            *safety.mail_problems(self.mail, **where),
            *safety.http_problems(self.http, **where),
            *safety.outgoing_problems(self.video, self.subscribers, **where),
        ]

    def storage_problems(self) -> list[str]:
        """What forbids keeping recordings as the settings have it."""
        return safety.storage_problems(self.storage, is_production=self.is_production)

    def ensure_safe(self) -> None:
        """Raises `UnsafeSettings` naming every problem at once."""
        found = self.problems()
        if found:
            raise UnsafeSettings(found)

    @model_validator(mode="after")
    def _external_issuer_is_whole(self) -> Self:
        auth = self.auth
        if auth.external_issuer and not (
            auth.external_secret.get_secret_value() or auth.external_jwks_url
        ):
            raise ValueError(
                "AUTH_EXTERNAL_ISSUER needs AUTH_EXTERNAL_JWT_SECRET or AUTH_EXTERNAL_JWKS_URL"
            )
        return self


def _unreadable(group: object) -> list[str]:
    if not (isinstance(group, type) and issubclass(group, Group)):
        return []
    try:
        group()
    except ValidationError as error:
        return _sentences(error)
    return []


def _sentences(error: ValidationError) -> list[str]:
    return [
        f"{'.'.join(str(part) for part in problem['loc']) or 'settings'}:"
        f" {problem['msg'].removeprefix('Value error, ')}"
        for problem in error.errors(include_input=False, include_url=False)
    ]
