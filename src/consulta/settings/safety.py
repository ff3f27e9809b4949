"""What must not be served with: each problem is a sentence that names a variable and the reason."""

from consulta.platform.http.schema import EMAIL
from consulta.settings.groups import (
    AuthSettings,
    DatabaseSettings,
    HttpSettings,
    MailSettings,
    PaymentSettings,
    ScheduleSettings,
    StorageSettings,
    SubscriberSettings,
    VideoSettings,
)

_SHORTEST_SECRET = 32


def database_problems(database: DatabaseSettings) -> list[str]:
    """Logins without an address."""
    named = {
        "DATABASE_URL": database.api,
        "ADMIN_DATABASE_URL": database.admin,
        "WORKER_DATABASE_URL": database.worker,
    }
    return [f"{name} is not set" for name, dsn in named.items() if not dsn.get_secret_value()]


def secret_problems(auth: AuthSettings, schedule: ScheduleSettings) -> list[str]:
    """Secrets that could be guessed."""
    named = {"AUTH_JWT_SECRET": auth.jwt_secret, "CRON_SECRET": schedule.cron_secret}
    if auth.external_secret.get_secret_value():
        named["AUTH_EXTERNAL_JWT_SECRET"] = auth.external_secret
    return [
        f"{name} must have at least {_SHORTEST_SECRET} characters, not all alike"
        for name, secret in named.items()
        if _is_weak(secret.get_secret_value())
    ]


def auth_problems(auth: AuthSettings, *, is_production: bool) -> list[str]:
    """Issuers that cannot be told apart, and passwords that are hashed too cheaply."""
    found = []
    if auth.external_issuer == auth.issuer:
        found.append("AUTH_EXTERNAL_ISSUER and AUTH_ISSUER must differ")
    if not is_production:
        return found
    if auth.password_memory_kib < 19_456 or auth.password_passes < 2:
        found.append("AUTH_PASSWORD_MEMORY_KIB and AUTH_PASSWORD_PASSES are at least 19456, 2")
    if auth.external_jwks_url and not auth.external_jwks_url.startswith("https://"):
        found.append("AUTH_EXTERNAL_JWKS_URL must begin with https:// in production")
    return found


def http_problems(http: HttpSettings, *, is_production: bool) -> list[str]:
    """Addresses that browsers must not be sent to, or let in from."""
    found = []
    if is_production and not http.public_url.startswith("https://"):
        found.append("PUBLIC_URL must begin with https:// in production")
    if "*" in http.allowed_origins:
        found.append("CORS_ALLOWED_ORIGINS lists origins; * is not one")
    return found


def payment_problems(payments: PaymentSettings, *, is_production: bool) -> list[str]:
    """Providers without their keys, and keys of the wrong world."""
    found = []
    if payments.default_provider == "sandbox" and is_production:
        found.append("the sandbox takes no money: set STRIPE_SECRET_KEY or PAYMENT_PROVIDER")
    scheme = "https://" if is_production else ("https://", "http://")
    if payments.return_url and not payments.return_url.startswith(scheme):
        found.append("PAYMENT_RETURN_URL must begin with https://")
    return [
        *found,
        *_stripe_problems(payments, is_production=is_production),
        *_razorpay_problems(payments, is_production=is_production),
        *_paytabs_problems(payments, is_production=is_production),
    ]


def _stripe_problems(payments: PaymentSettings, *, is_production: bool) -> list[str]:
    key = payments.stripe_secret_key.get_secret_value()
    found = []
    if payments.default_provider == "stripe" and not key:
        found.append("STRIPE_SECRET_KEY is not set")
    if key and not payments.stripe_webhook_secret.get_secret_value():
        found.append("STRIPE_WEBHOOK_SECRET is not set")
    if key and not payments.stripe_publishable_key:
        found.append("STRIPE_PUBLISHABLE_KEY is not set")
    if is_production and key.startswith("sk_test_"):
        found.append("STRIPE_SECRET_KEY is a test key, and this is production")
    if not is_production and key.startswith(("sk_live_", "rk_live_")):
        found.append("STRIPE_SECRET_KEY is a live key, and this is not production")
    if is_production and payments.stripe_api_base:
        found.append("STRIPE_API_BASE points away from Stripe, and this is production")
    return found


def _razorpay_problems(payments: PaymentSettings, *, is_production: bool) -> list[str]:
    key = payments.razorpay_key_id
    if not key:
        needed = payments.provider == "razorpay"
        return ["RAZORPAY_KEY_ID is not set"] if needed else []
    found = []
    if not payments.razorpay_key_secret.get_secret_value():
        found.append("RAZORPAY_KEY_SECRET is not set")
    if not payments.razorpay_webhook_secret.get_secret_value():
        found.append("RAZORPAY_WEBHOOK_SECRET is not set")
    if is_production and key.startswith("rzp_test_"):
        found.append("RAZORPAY_KEY_ID is a test key, and this is production")
    if not is_production and key.startswith("rzp_live_"):
        found.append("RAZORPAY_KEY_ID is a live key, and this is not production")
    if is_production and payments.razorpay_api_base:
        found.append("RAZORPAY_API_BASE points away from Razorpay, and this is production")
    return found


def _paytabs_problems(payments: PaymentSettings, *, is_production: bool) -> list[str]:
    if not payments.paytabs_profile_id:
        needed = payments.provider == "paytabs"
        return ["PAYTABS_PROFILE_ID is not set"] if needed else []
    found = []
    if not payments.paytabs_server_key.get_secret_value():
        found.append("PAYTABS_SERVER_KEY is not set")
    if not payments.paytabs_region:
        found.append("PAYTABS_REGION is not set: a key works at the host of its region only")
    if is_production and payments.paytabs_api_base:
        found.append("PAYTABS_API_BASE points away from PayTabs, and this is production")
    return found


def mail_problems(mail: MailSettings, *, is_production: bool) -> list[str]:
    """Mail that would not go out, or not safely."""
    found = []
    if mail.way == "smtp" and not mail.host:
        found.append("MAIL_HOST is not set")
    if mail.way == "folder" and not mail.folder:
        found.append("MAIL_FOLDER is not set")
    if mail.way == "smtp" and not EMAIL.fullmatch(mail.sender):
        found.append("MAIL_FROM must be the mail address of the sender")
    if mail.reply_to and not EMAIL.fullmatch(mail.reply_to):
        found.append("MAIL_REPLY_TO must be a mail address")
    if not is_production:
        return found
    if mail.way != "smtp" and mail.delivery != "none":
        found.append("MAIL_HOST is not set: MAIL_DELIVERY=none says that nobody gets mail")
    if mail.way == "smtp" and mail.tls == "none" and mail.username:
        found.append("MAIL_TLS=none would send MAIL_PASSWORD unprotected")
    if mail.frontend_url and not mail.frontend_url.startswith("https://"):
        found.append("FRONTEND_URL must begin with https:// in production")
    return found


def storage_problems(storage: StorageSettings, *, is_production: bool) -> list[str]:
    """Recordings without a place that lasts."""
    if storage.provider == "local":
        unnamed = is_production and not storage.folder
        return ["STORAGE_FOLDER is not set: recordings need a place that lasts"] * unnamed
    found = []
    if not (storage.access_key_id and storage.secret_access_key.get_secret_value()):
        found.append("STORAGE_ACCESS_KEY_ID and STORAGE_SECRET_ACCESS_KEY are not both set")
    if storage.endpoint and not storage.endpoint.startswith(("https://", "http://")):
        found.append("STORAGE_ENDPOINT must begin with https://")
    if is_production and storage.endpoint.startswith("http://"):
        found.append("STORAGE_ENDPOINT must begin with https:// in production")
    return found


def outgoing_problems(
    video: VideoSettings, subscribers: SubscriberSettings, *, is_production: bool
) -> list[str]:
    """Ways out that only tests may open."""
    if not is_production:
        return []
    bases = {
        "ZOOM_API_BASE": video.zoom_api_base,
        "TEAMS_API_BASE": video.teams_api_base,
        "GOOGLE_API_BASE": video.google_api_base,
    }
    found = [f"{name} points away, and this is production" for name, base in bases.items() if base]
    if subscribers.allow_private:
        found.append("WEBHOOK_ALLOW_PRIVATE opens private networks, and this is production")
    return found


def _is_weak(secret: str) -> bool:
    return len(secret) < _SHORTEST_SECRET or len(set(secret)) < 8
