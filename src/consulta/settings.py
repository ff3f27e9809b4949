"""Settings in small groups, read from the environment once and passed down; nobody else reads it.

What is unsafe is refused here, at the start, with the name of the variable and the reason.
"""

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from consulta.platform.db.dsn import Dsn

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

    def problems(self) -> list[str]:
        """Everything that forbids serving with these settings, a sentence each."""
        found = [*self._missing_addresses(), *self._weak_secrets()]
        found += [*self._auth_problems(), *self._payment_problems()]
        if self.is_production and not self.http.public_url.startswith("https://"):
            found.append("PUBLIC_URL must begin with https:// in production")
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
        if self.is_production and payments.stripe_api_base:
            found.append("STRIPE_API_BASE points away from Stripe, and this is production")
        return [*found, *self._razorpay_problems(), *self._paytabs_problems()]

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
