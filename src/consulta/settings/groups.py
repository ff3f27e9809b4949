"""The groups of settings: one class for each part of the service, with its variables."""

from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, SecretStr
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from consulta.platform.db.dsn import Dsn


def _dsn(value: SecretStr) -> SecretStr:
    if value.get_secret_value():
        Dsn(value.get_secret_value())
    return value


def _commas(value: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in value.split(",") if part.strip())


SecretDsn = Annotated[SecretStr, AfterValidator(_dsn)]


class Group(BaseSettings):
    """What is read from the environment, once, and never from a file."""

    # Code may fill a field by its name; in the environment only the named variables count, and not
    # everybody's HOST and PORT: no variable begins with the sign that ends its name.
    model_config = SettingsConfigDict(
        env_file=None, env_prefix="=", extra="ignore", frozen=True, populate_by_name=True
    )


class DatabaseSettings(Group):
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


class AuthSettings(Group):
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
    letters_per_minute: int = Field(10, alias="AUTH_LETTERS_PER_ADDRESS", ge=1, le=100_000)
    external_issuer: str = Field("", alias="AUTH_EXTERNAL_ISSUER")
    external_audience: str = Field("authenticated", alias="AUTH_EXTERNAL_AUDIENCE")
    external_secret: SecretStr = Field(SecretStr(""), alias="AUTH_EXTERNAL_JWT_SECRET")
    external_jwks_url: str = Field("", alias="AUTH_EXTERNAL_JWKS_URL")


PayTabsRegion = Literal["", "ARE", "SAU", "EGY", "OMN", "JOR", "KWT", "IRQ", "MAR", "QAT", "GLOBAL"]


class PaymentSettings(Group):
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


class HttpSettings(Group):
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


class ScheduleSettings(Group):
    """The clock and those who may ring it from outside."""

    enabled: bool = Field(True, alias="SCHEDULER_ENABLED")
    cron_secret: SecretStr = Field(SecretStr(""), alias="CRON_SECRET")


class RecurringSettings(Group):
    """How far ahead the dispatcher books the dates of series."""

    lead_days: int = Field(7, alias="RECURRING_LEAD_DAYS", ge=1, le=90)


class MailSettings(Group):
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


class StorageSettings(Group):
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


class VideoSettings(Group):
    """Where the video vendors are; elsewhere than at home only for tests."""

    zoom_api_base: str = Field("", alias="ZOOM_API_BASE")
    teams_api_base: str = Field("", alias="TEAMS_API_BASE")
    google_api_base: str = Field("", alias="GOOGLE_API_BASE")
    timeout_seconds: float = Field(10, alias="VIDEO_TIMEOUT_SECONDS", gt=0, le=60)


class LiveSettings(Group):
    """Streams of live events that one process keeps, and how often it looks for news."""

    poll_seconds: float = Field(0.5, alias="LIVE_POLL_SECONDS", gt=0, le=10)
    most_streams: int = Field(500, alias="LIVE_STREAMS", ge=0, le=100_000)
    most_of_person: int = Field(5, alias="LIVE_STREAMS_PER_PERSON", ge=1, le=100)


class SubscriberSettings(Group):
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


class ObservabilitySettings(Group):
    sentry_dsn: SecretStr = Field(SecretStr(""), alias="SENTRY_DSN")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field("INFO", alias="LOG_LEVEL")
    log_format: Literal["json", "text"] = Field("json", alias="LOG_FORMAT")


class SecuritySettings(Group):
    """Keys of stored secrets: `kid:base64` pairs, commas between, the first one is active."""

    encryption_keys: SecretStr = Field(SecretStr(""), alias="ENCRYPTION_KEYS")
