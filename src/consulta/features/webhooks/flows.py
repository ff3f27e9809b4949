"""Receiving and handling letters: verify and store, commit, acknowledge; then ask the provider how
things really stand, because the letter may be old, doubled or out of order (D6).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

import asyncpg
import structlog

from consulta.features.payments import flows as payments
from consulta.features.payments import queries
from consulta.features.payments.errors import AmountMismatch, ChargeUnknown
from consulta.features.payments.flows import Till
from consulta.features.saved_methods import flows as saved_methods
from consulta.features.saved_methods.queries import method_of_setup
from consulta.features.webhooks import queries as letters
from consulta.features.webhooks.errors import (
    WebhookAddressUnknown,
    WebhookEventNotFound,
    WebhookEventUnderWay,
)
from consulta.kernel.actor import Actor
from consulta.platform.db.work import Work
from consulta.platform.failures import alert
from consulta.platform.inbox import Arrival, Inbox, Letter, LetterState
from consulta.providers.payments.accounts import AccountUnknown
from consulta.providers.payments.port import ProviderEvent

_POSTMAN = Actor.system("webhooks")
_ACCOUNT = re.compile(r"[A-Za-z0-9_-]{16,64}")
_log = structlog.get_logger("consulta.webhooks")


@dataclass(frozen=True, slots=True)
class LetterBox:
    """What the webhook routes need: the inbox, and the till that can follow a charge."""

    till: Till
    inbox: Inbox
    takes_live: bool
    """Whether specialists' accounts are live here, or all for tests."""


def letter_box(till: Till, *, takes_live: bool) -> LetterBox:
    """The inbox, whose letters are handled by following the charge that they are about."""

    async def handle(letter: Letter) -> None:
        await _handle(till, inbox, letter)

    inbox = Inbox(till.database, handle)
    return LetterBox(till, inbox, takes_live)


async def receive(
    box: LetterBox, *, provider: str, account: str, body: bytes, headers: Mapping[str, str]
) -> bool:
    """The letter is genuine and stored for good; False where we had it already. It speaks for that
    account alone, and an empty name is the platform's own.

    Raises `SignatureRejected`, `WebhookAddressUnknown`, and `ProviderNotConfigured` for a provider
    that we do not have, or whose account cannot be used here.
    """
    if account and _ACCOUNT.fullmatch(account) is None:
        raise WebhookAddressUnknown
    try:
        async with box.till.providers.of(provider, account) as adapter:
            event = adapter.read_event(body, headers)
    except AccountUnknown:
        raise WebhookAddressUnknown from None
    # A genuine letter about another mode or account is kept and never applied.
    is_ours = event.is_ours and (not account or event.livemode is box.takes_live)
    arrival = _arrival(provider, account, event, is_ours=is_ours)
    async with box.till.database.work(_POSTMAN) as work:
        is_new = await box.inbox.record(work, arrival)
    if is_new:
        box.inbox.nudge()
    else:
        _log.info("webhook seen before", provider=provider, kind=event.kind)
    return is_new


async def replay(box: LetterBox, actor: Actor, letter_id: UUID) -> asyncpg.Record:
    """The letter is due again, with all its attempts, and will be handled at once. Raises
    WebhookEventNotFound, WebhookEventUnderWay.
    """
    async with box.till.database.work(actor) as work:
        if await letters.letter(work, letter_id) is None:
            raise WebhookEventNotFound
        work.audit("webhook_event.replayed", subject_type="webhook_event", subject_id=letter_id)
    if not await box.inbox.replay(letter_id):
        raise WebhookEventUnderWay
    async with box.till.database.read(actor) as work:
        row = await letters.letter(work, letter_id)
    assert row is not None, "letters that wait are kept"
    box.inbox.nudge()
    return row


def _arrival(provider: str, account: str, event: ProviderEvent, *, is_ours: bool) -> Arrival:
    return Arrival(
        provider=provider,
        event_id=event.id,
        kind=event.kind,
        account=account,
        charge_reference=event.charge_reference if is_ours else None,
        payment_id=_uuid(event.payment_id) if is_ours else None,
        livemode=event.livemode,
        body=event.body,
    )


async def _handle(till: Till, inbox: Inbox, letter: Letter) -> None:
    """The payment says what its provider says now, and the letter is settled with it.

    Raises `ChargeUnknown` for a payment that we do not know yet: the letter is tried again.
    """
    if letter.charge_reference is None:
        async with till.database.work(_POSTMAN) as work:
            await inbox.settled(work, letter, LetterState.IGNORED)
        return
    async with till.database.read(_POSTMAN) as work:
        payment_id = await queries.payment_of_charge(
            work,
            provider=letter.provider,
            account=letter.account,
            reference=letter.charge_reference,
            payment_id=letter.payment_id,
        )

    async def settle(work: Work) -> None:
        await inbox.settled(work, letter, LetterState.DONE)

    if payment_id is None:
        await _follow_setup(till, letter)
        async with till.database.work(_POSTMAN) as work:
            await settle(work)
        return

    try:
        await payments.follow(till, payment_id, letter.charge_reference, also=settle)
    except AmountMismatch as error:
        alert("a charge is not about our amount", during="webhooks", payment=payment_id)
        async with till.database.work(_POSTMAN) as work:
            await inbox.settled(work, letter, LetterState.PARKED, error.code)


async def _follow_setup(till: Till, letter: Letter) -> None:
    """The saved method says what its set-up says now. Raises `ChargeUnknown` for one that we do not
    know, or not yet.
    """
    assert letter.charge_reference is not None, "a letter about nothing is ignored"
    async with till.database.read(_POSTMAN) as work:
        method_id = await method_of_setup(
            work,
            provider=letter.provider,
            account=letter.account,
            reference=letter.charge_reference,
        )
    if method_id is None:
        raise ChargeUnknown
    await saved_methods.refresh(till, method_id)


def _uuid(text: str | None) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError:
        return None
