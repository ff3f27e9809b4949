"""Settings in small groups, read from the environment once and passed down; nobody else reads it.

What is unsafe is refused here, at the start, with the name of the variable and the reason.
"""

from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Annotated, Literal, Self

from pydantic import (
    AfterValidator,
    Field,
    SecretStr,
    ValidationError,
    model_validator,
)
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from consulta.platform.db.dsn import Dsn
from consulta.platform.http.schema import EMAIL

_SHORTEST_SECRET = 32


class UnsafeSettings(Exception):
    """The settings cannot be served with; each reason names a variable and what is wrong."""

    def __init__(self, reasons: list[str]) -> None:
        self.reasons = reasons
        super().__init__("; ".join(reasons))


def _dsn(value: SecretStr) -> SecretStr:
    if value.get_secret_value():
        Dsn(value.get_secret_value())
    return value


def _commas(value: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in value.split(",") if part.strip())


SecretDsn = Annotated[SecretStr, AfterValidator(_dsn)]


class _Group(BaseSettings):
    model_config = SettingsConfigDict(
        env_file=None, extra="ignore", frozen=True, populate_by_name=True
    )


class DatabaseSettings(_Group):
    """One address per login (README, "Roles"); the migrator's is for `consulta migrate` alone, and
    that of bootstrap, which may create roles, for `consulta db bootstrap`.
    """

    api: SecretDsn = Field(SecretStr(""), alias="DATABASE_URL")
    admin: SecretDsn = Field(SecretStr(""), alias="ADMIN_DATABASE_URL")
    worker: SecretDsn = Field(SecretStr(""), alias="WORKER_DATABASE_URL")
    migrator: SecretDsn = Field(SecretStr(""), alias="MIGRATOR_DATABASE_URL")
    bootstrap: SecretDsn = Field(SecretStr(""), alias="BOOTSTRAP_DATABASE_URL")
    pool_size: int = Field(5, alias="DB_POOL_SIZE", ge=1, le=100)
    pooler: Literal["", "transaction"] = Field("", alias="DB_POOLER")


class AuthSettings(_Group):
    """Our own tokens, and those of an issuer that we trust."""

    jwt_secret: SecretStr = Field(SecretStr(""), alias="AUTH_JWT_SECRET")
    issuer: str = Field("consulta", alias="AUTH_ISSUER", min_length=1)
    access_minutes: int = Field(15, alias="AUTH_ACCESS_MINUTES", ge=1, le=1440)
    refresh_days: int = Field(30, alias="AUTH_REFRESH_DAYS", ge=1, le=365)
    session_days: int = Field(90, alias="AUTH_SESSION_DAYS", ge=1, le=365)
    password_memory_kib: int = Field(19_456, alias="AUTH_PASSWORD_MEMORY_KIB", ge=8, le=1_048_576)
    password_passes: int = Field(2, alias="AUTH_PASSWORD_PASSES", ge=1, le=20)
    logins_per_minute_of_address: int = Field(60, alias="AUTH_LOGINS_PER_ADDRESS", ge=1, le=100_000)
    logins_per_minute_of_account: int = Field(20, alias="AUTH_LOGINS_PER_ACCOUNT", ge=1, le=100_000)
    registrations_per_minute: int = Field(
        60, alias="AUTH_REGISTRATIONS_PER_ADDRESS", ge=1, le=100_000
    )
    refreshes_per_minute: int = Field(240, alias="AUTH_REFRESHES_PER_ADDRESS", ge=1, le=100_000)
    external_issuer: str = Field("", alias="AUTH_EXTERNAL_ISSUER")
    external_audience: str = Field("authenticated", alias="AUTH_EXTERNAL_AUDIENCE")
    external_secret: SecretStr = Field(SecretStr(""), alias="AUTH_EXTERNAL_JWT_SECRET")
    external_jwks_url: str = Field("", alias="AUTH_EXTERNAL_JWKS_URL")


PayTabsRegion = Literal["", "ARE", "SAU", "EGY", "OMN", "JOR", "KWT", "IRQ", "MAR", "QAT", "GLOBAL"]


class PaymentSettings(_Group):
    """Which provider charges by default, and the platform's own keys."""

    provider: Literal["", "stripe", "razorpay", "paytabs", "sandbox", "manual"] = Field(
        "", alias="PAYMENT_PROVIDER"
    )
    stripe_publishable_key: str = Field("", alias="STRIPE_PUBLISHABLE_KEY")
    stripe_secret_key: SecretStr = Field(SecretStr(""), alias="STRIPE_SECRET_KEY")
    stripe_webhook_secret: SecretStr = Field(SecretStr(""), alias="STRIPE_WEBHOOK_SECRET")
    stripe_api_base: str = Field("", alias="STRIPE_API_BASE")
    razorpay_key_id: str = Field("", alias="RAZORPAY_KEY_ID")
    razorpay_key_secret: SecretStr = Field(SecretStr(""), alias="RAZORPAY_KEY_SECRET")
    razorpay_webhook_secret: SecretStr = Field(SecretStr(""), alias="RAZORPAY_WEBHOOK_SECRET")
    razorpay_api_base: str = Field("", alias="RAZORPAY_API_BASE")
    paytabs_profile_id: int = Field(0, alias="PAYTABS_PROFILE_ID", ge=0)
    paytabs_server_key: SecretStr = Field(SecretStr(""), alias="PAYTABS_SERVER_KEY")
    paytabs_region: PayTabsRegion = Field("", alias="PAYTABS_REGION")
    paytabs_api_base: str = Field("", alias="PAYTABS_API_BASE")
    return_url: str = Field("", alias="PAYMENT_RETURN_URL")
    timeout_seconds: float = Field(10, alias="PAYMENT_TIMEOUT_SECONDS", gt=0, le=60)
    sandbox_webhook_secret: SecretStr = Field(
        SecretStr("sandbox-webhook-secret-that-guards-no-money"), alias="SANDBOX_WEBHOOK_SECRET"
    )

    @property
    def default_provider(self) -> str:
        """The named one; otherwise Stripe where its key is present, and the sandbox where not."""
        if self.provider:
            return self.provider
        return "stripe" if self.stripe_secret_key.get_secret_value() else "sandbox"


class HttpSettings(_Group):
    """What stands between the service and the browser."""

    host: str = Field("127.0.0.1", alias="HOST")
    port: int = Field(8000, alias="PORT", ge=0, le=65535)
    workers: int = Field(1, alias="WEB_WORKERS", ge=1, le=64)
    allowed_origins: Annotated[
        str | tuple[str, ...],
        NoDecode,
        AfterValidator(lambda value: _commas(value) if isinstance(value, str) else value),
    ] = Field((), alias="CORS_ALLOWED_ORIGINS")
    trusted_proxies: str = Field("127.0.0.1", alias="TRUSTED_PROXIES")
    public_url: str = Field("http://127.0.0.1:8000", alias="PUBLIC_URL")
    docs: bool | None = Field(None, alias="API_DOCS")
    metrics_token: SecretStr = Field(SecretStr(""), alias="METRICS_TOKEN")
    most_body_bytes: int = Field(262_144, alias="MAX_BODY_BYTES", ge=1_024, le=10_485_760)
    drain_seconds: int = Field(25, alias="DRAIN_SECONDS", ge=1, le=300)


class ScheduleSettings(_Group):
    """The clock and those who may ring it from outside."""

    enabled: bool = Field(True, alias="SCHEDULER_ENABLED")
    cron_secret: SecretStr = Field(SecretStr(""), alias="CRON_SECRET")


class RecurringSettings(_Group):
    """How far ahead the dispatcher books the dates of series."""

    lead_days: int = Field(7, alias="RECURRING_LEAD_DAYS", ge=1, le=90)


class MailSettings(_Group):
    """How mail goes out. Without a server it lies in a folder, or there is none."""

    delivery: Literal["", "smtp", "folder", "none"] = Field("", alias="MAIL_DELIVERY")
    host: str = Field("", alias="MAIL_HOST")
    port: int = Field(587, alias="MAIL_PORT", ge=1, le=65535)
    username: str = Field("", alias="MAIL_USERNAME")
    password: SecretStr = Field(SecretStr(""), alias="MAIL_PASSWORD")
    tls: Literal["starttls", "tls", "none"] = Field("starttls", alias="MAIL_TLS")
    sender: str = Field("", alias="MAIL_FROM", max_length=254)
    sender_name: str = Field("Consulta", alias="MAIL_FROM_NAME", max_length=100)
    reply_to: str = Field("", alias="MAIL_REPLY_TO", max_length=254)
    folder: str = Field("", alias="MAIL_FOLDER")
    timeout_seconds: float = Field(20, alias="MAIL_TIMEOUT_SECONDS", gt=0, le=60)
    frontend_url: str = Field("", alias="FRONTEND_URL")

    @property
    def way(self) -> Literal["smtp", "folder", "none"]:
        """The named one; otherwise what there is an address of."""
        if self.delivery:
            return self.delivery
        if self.host:
            return "smtp"
        return "folder" if self.folder else "none"


class StorageSettings(_Group):
    """Where recordings are kept: a folder of this machine, or a bucket that speaks S3."""

    provider: Literal["local", "s3"] = Field("local", alias="STORAGE_PROVIDER")
    folder: str = Field("", alias="STORAGE_FOLDER")
    bucket: str = Field("meeting-recordings", alias="STORAGE_BUCKET", min_length=3, max_length=63)
    endpoint: str = Field("", alias="STORAGE_ENDPOINT")
    region: str = Field("us-east-1", alias="STORAGE_REGION", min_length=1)
    access_key_id: str = Field("", alias="STORAGE_ACCESS_KEY_ID")
    secret_access_key: SecretStr = Field(SecretStr(""), alias="STORAGE_SECRET_ACCESS_KEY")
    path_style: bool = Field(True, alias="STORAGE_PATH_STYLE")
    timeout_seconds: float = Field(10, alias="STORAGE_TIMEOUT_SECONDS", gt=0, le=60)

    @property
    def folder_used(self) -> str:
        """The named folder; without one, a place beside the data of the demo."""
        return self.folder or ".data/recordings"


class VideoSettings(_Group):
    """Where the video vendors are; elsewhere than at home only for tests."""

    zoom_api_base: str = Field("", alias="ZOOM_API_BASE")
    teams_api_base: str = Field("", alias="TEAMS_API_BASE")
    google_api_base: str = Field("", alias="GOOGLE_API_BASE")
    timeout_seconds: float = Field(10, alias="VIDEO_TIMEOUT_SECONDS", gt=0, le=60)


class LiveSettings(_Group):
    """Streams of live events that one process keeps, and how often it looks for news."""

    poll_seconds: float = Field(0.5, alias="LIVE_POLL_SECONDS", gt=0, le=10)
    most_streams: int = Field(500, alias="LIVE_STREAMS", ge=0, le=100_000)
    most_of_person: int = Field(5, alias="LIVE_STREAMS_PER_PERSON", ge=1, le=100)


class SubscriberSettings(_Group):
    """Networks that outgoing webhooks may reach though they are private, for trying them out."""

    allow_private: Annotated[
        str | tuple[str, ...],
        NoDecode,
        AfterValidator(lambda value: _commas(value) if isinstance(value, str) else value),
        AfterValidator(lambda value: tuple(str(ip_network(one)) for one in value)),
    ] = Field((), alias="WEBHOOK_ALLOW_PRIVATE")

    @property
    def private_networks(self) -> tuple[IPv4Network | IPv6Network, ...]:
        return tuple(ip_network(one) for one in self.allow_private)


class ObservabilitySettings(_Group):
    sentry_dsn: SecretStr = Field(SecretStr(""), alias="SENTRY_DSN")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field("INFO", alias="LOG_LEVEL")
    log_format: Literal["json", "text"] = Field("json", alias="LOG_FORMAT")


class SecuritySettings(_Group):
    """Keys of stored secrets: `kid:base64` pairs, commas between, the first one is active."""

    encryption_keys: SecretStr = Field(SecretStr(""), alias="ENCRYPTION_KEYS")


class Settings(_Group):
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
        found = [*self._missing_addresses(), *self._weak_secrets()]
        found += self.storage_problems()
        found += [*self._auth_problems(), *self._payment_problems(), *self._mail_problems()]
        if self.is_production and not self.http.public_url.startswith("https://"):
            found.append("PUBLIC_URL must begin with https:// in production")
        for vendor in ("zoom", "teams", "google") if self.is_production else ():
            if getattr(self.video, f"{vendor}_api_base"):
                found.append(f"{vendor.upper()}_API_BASE points away, and this is production")
        if self.is_production and self.subscribers.allow_private:
            found.append("WEBHOOK_ALLOW_PRIVATE opens private networks, and this is production")
        if "*" in self.http.allowed_origins:
            found.append("CORS_ALLOWED_ORIGINS lists origins; * is not one")
        return found

    def ensure_safe(self) -> None:
        """Raises `UnsafeSettings` naming every problem at once."""
        found = self.problems()
        if found:
            raise UnsafeSettings(found)

    def _missing_addresses(self) -> list[str]:
        named = {
            "DATABASE_URL": self.database.api,
            "ADMIN_DATABASE_URL": self.database.admin,
            "WORKER_DATABASE_URL": self.database.worker,
        }
        return [f"{name} is not set" for name, dsn in named.items() if not dsn.get_secret_value()]

    def _weak_secrets(self) -> list[str]:
        named = {
            "AUTH_JWT_SECRET": self.auth.jwt_secret,
            "CRON_SECRET": self.schedule.cron_secret,
        }
        if self.auth.external_secret.get_secret_value():
            named["AUTH_EXTERNAL_JWT_SECRET"] = self.auth.external_secret
        found = [
            f"{name} must have at least {_SHORTEST_SECRET} characters, not all alike"
            for name, secret in named.items()
            if _is_weak(secret.get_secret_value())
        ]
        if not self.security.encryption_keys.get_secret_value():
            found.append("ENCRYPTION_KEYS is not set (kid:base64 of 32 bytes)")
        return found

    def _auth_problems(self) -> list[str]:
        auth = self.auth
        found = []
        if auth.external_issuer == auth.issuer:
            found.append("AUTH_EXTERNAL_ISSUER and AUTH_ISSUER must differ")
        if not self.is_production:
            return found
        if auth.password_memory_kib < 19_456 or auth.password_passes < 2:
            found.append("AUTH_PASSWORD_MEMORY_KIB and AUTH_PASSWORD_PASSES are at least 19456, 2")
        if auth.external_jwks_url and not auth.external_jwks_url.startswith("https://"):
            found.append("AUTH_EXTERNAL_JWKS_URL must begin with https:// in production")
        return found

    def _payment_problems(self) -> list[str]:
        payments = self.payments
        key = payments.stripe_secret_key.get_secret_value()
        found = []
        if payments.default_provider == "sandbox" and self.is_production:
            found.append("the sandbox takes no money: set STRIPE_SECRET_KEY or PAYMENT_PROVIDER")
        if payments.default_provider == "stripe" and not key:
            found.append("STRIPE_SECRET_KEY is not set")
        if key and not payments.stripe_webhook_secret.get_secret_value():
            found.append("STRIPE_WEBHOOK_SECRET is not set")
        if key and not payments.stripe_publishable_key:
            found.append("STRIPE_PUBLISHABLE_KEY is not set")
        if self.is_production and key.startswith("sk_test_"):
            found.append("STRIPE_SECRET_KEY is a test key, and this is production")
        if not self.is_production and key.startswith(("sk_live_", "rk_live_")):
            found.append("STRIPE_SECRET_KEY is a live key, and this is not production")
        scheme = "https://" if self.is_production else ("https://", "http://")
        if payments.return_url and not payments.return_url.startswith(scheme):
            found.append("PAYMENT_RETURN_URL must begin with https://")
        if self.is_production and payments.stripe_api_base:
            found.append("STRIPE_API_BASE points away from Stripe, and this is production")
        return [*found, *self._razorpay_problems(), *self._paytabs_problems()]

    def storage_problems(self) -> list[str]:
        """What forbids keeping recordings as the settings have it."""
        storage = self.storage
        if storage.provider == "local":
            unnamed = self.is_production and not storage.folder
            return ["STORAGE_FOLDER is not set: recordings need a place that lasts"] * unnamed
        found = []
        if not (storage.access_key_id and storage.secret_access_key.get_secret_value()):
            found.append("STORAGE_ACCESS_KEY_ID and STORAGE_SECRET_ACCESS_KEY are not both set")
        if storage.endpoint and not storage.endpoint.startswith(("https://", "http://")):
            found.append("STORAGE_ENDPOINT must begin with https://")
        if self.is_production and storage.endpoint.startswith("http://"):
            found.append("STORAGE_ENDPOINT must begin with https:// in production")
        return found

    def _razorpay_problems(self) -> list[str]:
        payments = self.payments
        key = payments.razorpay_key_id
        if not key:
            needed = payments.provider == "razorpay"
            return ["RAZORPAY_KEY_ID is not set"] if needed else []
        found = []
        if not payments.razorpay_key_secret.get_secret_value():
            found.append("RAZORPAY_KEY_SECRET is not set")
        if not payments.razorpay_webhook_secret.get_secret_value():
            found.append("RAZORPAY_WEBHOOK_SECRET is not set")
        if self.is_production and key.startswith("rzp_test_"):
            found.append("RAZORPAY_KEY_ID is a test key, and this is production")
        if not self.is_production and key.startswith("rzp_live_"):
            found.append("RAZORPAY_KEY_ID is a live key, and this is not production")
        if self.is_production and payments.razorpay_api_base:
            found.append("RAZORPAY_API_BASE points away from Razorpay, and this is production")
        return found

    def _paytabs_problems(self) -> list[str]:
        payments = self.payments
        if not payments.paytabs_profile_id:
            needed = payments.provider == "paytabs"
            return ["PAYTABS_PROFILE_ID is not set"] if needed else []
        found = []
        if not payments.paytabs_server_key.get_secret_value():
            found.append("PAYTABS_SERVER_KEY is not set")
        if not payments.paytabs_region:
            found.append("PAYTABS_REGION is not set: a key works at the host of its region only")
        if self.is_production and payments.paytabs_api_base:
            found.append("PAYTABS_API_BASE points away from PayTabs, and this is production")
        return found

    def _mail_problems(self) -> list[str]:
        mail = self.mail
        found = []
        if mail.way == "smtp" and not mail.host:
            found.append("MAIL_HOST is not set")
        if mail.way == "folder" and not mail.folder:
            found.append("MAIL_FOLDER is not set")
        if mail.way == "smtp" and not EMAIL.fullmatch(mail.sender):
            found.append("MAIL_FROM must be the mail address of the sender")
        if mail.reply_to and not EMAIL.fullmatch(mail.reply_to):
            found.append("MAIL_REPLY_TO must be a mail address")
        if not self.is_production:
            return found
        if mail.way != "smtp" and mail.delivery != "none":
            found.append("MAIL_HOST is not set: MAIL_DELIVERY=none says that nobody gets mail")
        if mail.way == "smtp" and mail.tls == "none" and mail.username:
            found.append("MAIL_TLS=none would send MAIL_PASSWORD unprotected")
        if mail.frontend_url and not mail.frontend_url.startswith("https://"):
            found.append("FRONTEND_URL must begin with https:// in production")
        return found

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


def _is_weak(secret: str) -> bool:
    return len(secret) < _SHORTEST_SECRET or len(set(secret)) < 8


def _unreadable(group: object) -> list[str]:
    if not (isinstance(group, type) and issubclass(group, _Group)):
        return []
    try:
        group()
    except ValidationError as error:
        return _sentences(error)
    return []


def _sentences(error: ValidationError) -> list[str]:
    return [
        f"{'.'.join(str(part) for part in problem['loc']) or 'settings'}: {problem['msg']}"
        for problem in error.errors(include_input=False, include_url=False)
    ]
