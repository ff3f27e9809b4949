"""Who reacts to which fact, who hears which message, which jobs run; and the parts, joined."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from fastapi import FastAPI

from consulta.features.analytics import jobs as analytics_jobs
from consulta.features.availability import jobs as availability_jobs
from consulta.features.bookings import jobs as booking_jobs
from consulta.features.bookings import reactions as bookings
from consulta.features.bookings.events import BookingConfirmed
from consulta.features.bookings.status import BookingStatus
from consulta.features.intake import rules as intake
from consulta.features.jobs import jobs as house_jobs
from consulta.features.live.flows import Feed
from consulta.features.meetings import jobs as meeting_jobs
from consulta.features.meetings import reactions as meetings
from consulta.features.meetings import rules as meeting_rules
from consulta.features.notifications import jobs as notification_jobs
from consulta.features.notifications import reactions as notifications
from consulta.features.notifications.flows import WORDS, AccountMail, Links, Mailroom, Writer
from consulta.features.packages import jobs as package_jobs
from consulta.features.packages import reactions as packages
from consulta.features.payment_configs import rules as payment_configs
from consulta.features.payment_configs.flows import Safe, keys_reader
from consulta.features.payments import jobs as payment_jobs
from consulta.features.payments.events import (
    PaymentAuthorized,
    PaymentCameTooLate,
    PaymentReleased,
    PaymentReturned,
    PaymentTaken,
    SavedCardRefused,
)
from consulta.features.payments.flows import Till, state_terms
from consulta.features.reconciliation import jobs as reconciliation_jobs
from consulta.features.recordings import jobs as recording_jobs
from consulta.features.recordings.flows import Shelf
from consulta.features.recurring import jobs as recurring_jobs
from consulta.features.recurring import reactions as recurring
from consulta.features.recurring.service.dispatch import DispatchTerms
from consulta.features.saved_methods import jobs as saved_method_jobs
from consulta.features.session_notes import rules as session_notes
from consulta.features.subscribers import jobs as subscriber_jobs
from consulta.features.subscribers import reactions as subscribers
from consulta.features.subscribers import rules as subscriber_rules
from consulta.features.subscribers.flows import Courier
from consulta.features.video_configs import rules as video_configs
from consulta.features.video_configs.flows import Studio
from consulta.features.webhooks import jobs as webhook_jobs
from consulta.features.webhooks.flows import LetterBox, letter_box
from consulta.platform.auth.identity import Identities
from consulta.platform.auth.passwords import Passwords
from consulta.platform.backlog import measure_backlog
from consulta.platform.crypto import Vault
from consulta.platform.db.linter import boot_problems
from consulta.platform.db.lost_keys import warn_of_lost_keys
from consulta.platform.db.migrations import code_state
from consulta.platform.db.restored import rebase_messages
from consulta.platform.db.work import Database, Engines
from consulta.platform.events import Reactions
from consulta.platform.health import Health
from consulta.platform.jobs import Job, Jobs
from consulta.platform.letters import Letters
from consulta.platform.lifecycle import Lifecycle
from consulta.platform.outbox import Handler, Listener, Outbox, together
from consulta.platform.sealed import SealedTable
from consulta.providers.outgoing.pinned import PinnedOutgoing
from consulta.providers.payments.accounts import Accounts
from consulta.providers.payments.adapters import adapter_of
from consulta.providers.storage.local import LocalStorage
from consulta.providers.video.connections import Connections
from consulta.settings import Settings
from consulta.vendors import (
    file_links_of,
    post_of,
    providers_of,
    reach_of,
    sender_of,
    storage_of,
    video_reach_of,
)

REACTIONS = (
    (PaymentAuthorized, bookings.await_confirmation_when_authorized),
    (PaymentTaken, bookings.confirm_when_taken),
    (PaymentReleased, bookings.expire_when_released),
    (PaymentReturned, bookings.mark_refunded_when_returned),
    (PaymentCameTooLate, bookings.tell_when_money_came_too_late),
    (SavedCardRefused, bookings.leave_time_when_card_refused),
    (PaymentTaken, packages.activate_when_taken),
    (PaymentReleased, packages.cancel_when_released),
    (PaymentReturned, packages.take_back_when_returned),
    (BookingConfirmed, recurring.accept_series_when_confirmed),
)

LISTENING: tuple[Mapping[str, Listener], ...] = (
    meetings.HEARS,
    notifications.HEARS,
    subscribers.HEARS,
)
"""Who hears what of the outbox: the HEARS of each room."""

SEALED_TABLES: tuple[SealedTable, ...] = (
    payment_configs.SEALED,
    session_notes.SEALED,
    session_notes.SEALED_AMENDMENTS,
    intake.SEALED,
    video_configs.SEALED,
    meeting_rules.SEALED,
    subscriber_rules.SEALED,
)
"""Whose data keys rotate: the SEALED of each room."""

# Every topic that this code sends; one that nobody hears is settled at once.
TOPICS = (
    "booking.requested",
    *(f"booking.{status}" for status in BookingStatus),
    "booking.rescheduled",
    "booking.payment_too_late",
    "payment.authorization_expiring",
    "payment.saved_card_refused",
    "payment.disputed",
    "payment.dispute_closed",
    "payment.refund_failed",
    *(f"package.{what}" for what in ("purchased", "activated", "cancelled", "expired", "refunded")),
    "booking.time_proposed",
    "booking.proposal_declined",
    "series.created",
    "series.changed",
    "series.paused",
    "series.resumed",
    "series.accepted",
    "series.ended",
    "series.skipped",
    "session.follow_up_due",
    "recording.ready",
    "review.posted",
    "session_note.created",
    "session_note.amended",
    "intake.completed",
    "video.config_saved",
    "video.connection_broken",
    "meeting.ready",
    "meeting.failed",
    "webhook_endpoint.disabled",
)


@dataclass(slots=True)
class Service:
    """The joined parts, and their beginning and end."""

    settings: Settings
    vault: Vault
    database: Database
    identities: Identities
    passwords: Passwords
    till: Till
    safe: Safe
    studio: Studio
    letter_box: LetterBox
    shelf: Shelf
    courier: Courier
    feed: Feed
    dispatch_terms: DispatchTerms
    jobs: Jobs
    lifecycle: Lifecycle
    refusals: list[str] = field(default_factory=list)
    """Why this database must not be served from; requests are refused while there are any."""

    def attach(self, app: FastAPI) -> None:
        """Routes find the parts on `app.state`."""
        app.state.database = self.database
        app.state.identities = self.identities
        app.state.passwords = self.passwords
        app.state.till = self.till
        app.state.safe = self.safe
        app.state.studio = self.studio
        app.state.letter_box = self.letter_box
        app.state.shelf = self.shelf
        app.state.courier = self.courier
        app.state.feed = self.feed
        app.state.dispatch_terms = self.dispatch_terms
        app.state.jobs = self.jobs
        app.state.lifecycle = self.lifecycle
        app.state.refusals = self.refusals
        app.state.health = Health(
            self.database, self.lifecycle, boot_problems=lambda: self.refusals
        )

    async def examine(self) -> None:
        """Privileged logins, a broken wall or a stale schema are known before anything runs; that
        a key is missing is only told, and what a restore left behind is put right.
        """
        self.refusals += await boot_problems(self.database.engines, code_state())
        if not self.refusals:
            await warn_of_lost_keys(self.database.engines, self.vault.keys)
            await rebase_messages(self.database)

    async def start(self) -> None:
        """The house has said who takes the money, and the clock ticks, unless the settings forbid
        it.
        """
        await state_terms(self.till)
        await self.lifecycle.start()

    async def stop(self) -> None:
        """Runs are awaited, then the providers' connections and the pools close."""
        self.lifecycle.begin_draining()
        await self.feed.stop()
        await self.courier.close()
        await self.lifecycle.stop()
        await self.till.providers.close()
        await self.studio.connections.close()
        await self.identities.aclose()


def wire(settings: Settings, engines: Engines, *, vault: Vault) -> Service:
    """The service, joined and not yet started."""
    database = Database(engines, Reactions(REACTIONS))
    reach = reach_of(settings)
    accounts = Accounts(
        keys_reader(database, vault, takes_live=settings.is_production),
        lambda keys, account: adapter_of(keys, reach, account=account),
    )
    till = Till(
        database,
        providers_of(settings.payments, database, reach=reach, accounts=accounts),
        patience_seconds=settings.payments.timeout_seconds,
    )
    safe = Safe(database, vault, accounts, reach, takes_live=settings.is_production)
    studio = Studio(database, vault, Connections(video_reach_of(settings.video)))
    box = letter_box(till, takes_live=settings.is_production)
    outbox = Outbox(database, _handlers(database))
    terms = DispatchTerms(settings.recurring.lead_days, settings.payments.default_provider)
    shelf = _shelf(settings, database)
    mailroom, account_mail = _mail(settings, database)
    courier = Courier(
        database, vault, PinnedOutgoing(allowed=settings.subscribers.private_networks)
    )
    jobs = Jobs(
        database,
        (
            *_jobs(till, safe, studio, box, outbox, terms),
            *subscriber_jobs.jobs_of(courier),
            *recording_jobs.jobs_of(shelf),
            *notification_jobs.jobs_of(mailroom, account_mail),
        ),
    )
    box.inbox.wakes(lambda: jobs.nudge("webhooks.letters"))
    outbox.wakes(lambda: jobs.nudge("outbox.deliver"))
    lifecycle = Lifecycle(
        database,
        jobs,
        drain_seconds=settings.http.drain_seconds,
        is_scheduling=settings.schedule.enabled,
    )
    return Service(
        settings=settings,
        vault=vault,
        database=database,
        identities=Identities.from_settings(database, settings.auth),
        passwords=Passwords(
            memory_kib=settings.auth.password_memory_kib, passes=settings.auth.password_passes
        ),
        till=till,
        safe=safe,
        studio=studio,
        letter_box=box,
        shelf=shelf,
        courier=courier,
        feed=_feed(settings, database, lifecycle),
        dispatch_terms=terms,
        jobs=jobs,
        lifecycle=lifecycle,
    )


def _shelf(settings: Settings, database: Database) -> Shelf:
    storage = storage_of(settings)
    own = storage if isinstance(storage, LocalStorage) else None
    return Shelf(database, storage, file_links_of(settings), own)


def _feed(settings: Settings, database: Database, lifecycle: Lifecycle) -> Feed:
    return Feed(
        database,
        poll_seconds=settings.live.poll_seconds,
        most_streams=settings.live.most_streams,
        most_of_person=settings.live.most_of_person,
        stopping=lifecycle.stopping,
    )


def _handlers(database: Database) -> dict[str, Handler | None]:
    heard: dict[str, list[Listener]] = defaultdict(list)
    for hears in LISTENING:
        for topic, listener in hears.items():
            heard[topic].append(listener)
    # A listener for a topic that nobody sends is a spelling mistake.
    assert set(heard) <= set(TOPICS), sorted(set(heard) - set(TOPICS))
    return {topic: together(database, heard[topic]) if topic in heard else None for topic in TOPICS}


def _mail(settings: Settings, database: Database) -> tuple[Mailroom, AccountMail]:
    mail, public_url = settings.mail, settings.http.public_url
    frontend = mail.frontend_url or next(iter(settings.http.allowed_origins), public_url)
    sender = sender_of(mail)
    # As in the files of bookings, so that a calendar knows an event by one name.
    host = urlsplit(public_url).hostname or "consulta"
    writer = Writer(sender, Links(frontend, host), Letters(WORDS))
    post = post_of(mail, sender)
    return Mailroom(database, post, writer), AccountMail(database, post, writer)


def _jobs(
    till: Till, safe: Safe, studio: Studio, box: LetterBox, outbox: Outbox, terms: DispatchTerms
) -> tuple[Job, ...]:
    return (
        *availability_jobs.JOBS,
        *booking_jobs.JOBS,
        *package_jobs.JOBS,
        *recurring_jobs.jobs_of(terms),
        *payment_jobs.jobs_of(till),
        *saved_method_jobs.jobs_of(till),
        *reconciliation_jobs.jobs_of(till),
        *meeting_jobs.jobs_of(studio),
        *webhook_jobs.jobs_of(box),
        *analytics_jobs.JOBS,
        *house_jobs.jobs_of(outbox, vault=safe.vault, sealed=SEALED_TABLES),
        measure_backlog,
    )
