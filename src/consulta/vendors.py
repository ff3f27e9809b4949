"""Which vendor stands behind which port, as the settings have it."""

from pathlib import Path

from consulta.platform.db.work import Database
from consulta.platform.signing import Signer
from consulta.providers.messages.folder import FolderPost
from consulta.providers.messages.port import Post, Sender
from consulta.providers.messages.smtp import MailServer, SmtpPost
from consulta.providers.payments.accounts import Accounts
from consulta.providers.payments.adapters import Reach, adapter_of
from consulta.providers.payments.keys import PayTabsKeys, RazorpayKeys, StripeKeys
from consulta.providers.payments.manual import ManualProvider
from consulta.providers.payments.port import PaymentProvider
from consulta.providers.payments.registry import PaymentProviders
from consulta.providers.payments.sandbox import SandboxProvider
from consulta.providers.payments.sandbox_postgres import PostgresSandboxStore
from consulta.providers.storage.links import FileLinks
from consulta.providers.storage.local import LocalStorage
from consulta.providers.storage.s3 import S3Storage
from consulta.providers.video.connections import VideoReach
from consulta.settings import MailSettings, PaymentSettings, Settings, VideoSettings


def providers_of(
    settings: PaymentSettings, database: Database, *, reach: Reach, accounts: Accounts | None = None
) -> PaymentProviders:
    """Every provider that the settings have keys for, and the accounts of specialists. The sandbox
    stands in only where it is the default, so that nobody can pay with it where money is taken.
    """
    providers: dict[str, PaymentProvider] = {"manual": ManualProvider()}
    if settings.default_provider == "sandbox":
        providers["sandbox"] = SandboxProvider(
            store=PostgresSandboxStore(database),
            secret=settings.sandbox_webhook_secret.get_secret_value(),
        )
    if key := settings.stripe_secret_key.get_secret_value():
        signing = (settings.stripe_webhook_secret.get_secret_value(),)
        keys = StripeKeys(key, settings.stripe_publishable_key, signing)
        providers["stripe"] = adapter_of(keys, reach)
    if settings.razorpay_key_id:
        signing = (settings.razorpay_webhook_secret.get_secret_value(),)
        secret = settings.razorpay_key_secret.get_secret_value()
        providers["razorpay"] = adapter_of(
            RazorpayKeys(settings.razorpay_key_id, secret, signing), reach
        )
    if settings.paytabs_profile_id:
        key = settings.paytabs_server_key.get_secret_value()
        providers["paytabs"] = adapter_of(
            PayTabsKeys(settings.paytabs_profile_id, key, settings.paytabs_region), reach
        )
    return PaymentProviders(providers, default=settings.default_provider, accounts=accounts)


def reach_of(settings: Settings) -> Reach:
    """How payment providers are called, and how they and their payers find us."""
    payments = settings.payments
    return Reach(
        public_url=settings.http.public_url,
        timeout_seconds=payments.timeout_seconds,
        stripe_base=payments.stripe_api_base or None,
        razorpay_base=payments.razorpay_api_base or None,
        paytabs_base=payments.paytabs_api_base or None,
    )


def storage_of(settings: Settings) -> LocalStorage | S3Storage:
    """Where recordings are kept, by the settings."""
    storage = settings.storage
    if storage.provider == "local":
        return LocalStorage(Path(storage.folder_used), links=file_links_of(settings))
    return S3Storage(
        bucket=storage.bucket,
        endpoint=storage.endpoint,
        region=storage.region,
        access_key_id=storage.access_key_id,
        secret_access_key=storage.secret_access_key.get_secret_value(),
        is_path_style=storage.path_style,
        timeout_seconds=storage.timeout_seconds,
    )


def file_links_of(settings: Settings) -> FileLinks:
    """Links to files that the service hands over itself, signed with a key of their own."""
    secret = settings.auth.jwt_secret.get_secret_value()
    return FileLinks(Signer.from_secret(secret, purpose="files"), settings.http.public_url)


def video_reach_of(video: VideoSettings) -> VideoReach:
    """How video vendors are called."""
    return VideoReach(
        timeout_seconds=video.timeout_seconds,
        zoom_base=video.zoom_api_base or None,
        teams_base=video.teams_api_base or None,
        google_base=video.google_api_base or None,
    )


_NO_SENDER = "no-reply@consulta.example"
"""Where mail goes into a folder and nobody can answer it."""


def sender_of(mail: MailSettings) -> Sender:
    """Who the letters are from."""
    return Sender(mail.sender or _NO_SENDER, mail.sender_name, mail.reply_to)


def post_of(mail: MailSettings, sender: Sender) -> Post | None:
    """Where letters are handed in; None where nobody gets any."""
    if mail.way == "folder":
        return FolderPost(Path(mail.folder), sender)
    if mail.way == "none":
        return None
    server = MailServer(
        host=mail.host,
        port=mail.port,
        username=mail.username,
        password=mail.password.get_secret_value(),
        tls=mail.tls,
        timeout_seconds=mail.timeout_seconds,
    )
    return SmtpPost(server, sender)
