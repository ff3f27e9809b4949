"""Receiving and handling letters: verify and store, commit, acknowledge; then ask the provider how
things really stand, because the letter may be old, doubled or out of order (D6).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

import structlog

from consulta.features.payments import flows as payments
from consulta.features.payments import queries
from consulta.features.payments.errors import AmountMismatch, ChargeUnknown
from consulta.features.payments.flows import Till
from consulta.kernel.actor import Actor
from consulta.platform.db.work import Work
from consulta.platform.failures import alert
from consulta.platform.inbox import Arrival, Inbox, Letter, LetterState
from consulta.providers.payments.port import ProviderEvent

_POSTMAN = Actor.system("webhooks")
_log = structlog.get_logger("consulta.webhooks")


@dataclass(frozen=True, slots=True)
class LetterBox:
    """What the webhook routes need: the inbox, and the till that can follow a charge."""

    till: Till
    inbox: Inbox


def letter_box(till: Till) -> LetterBox:
    """The inbox, whose letters are handled by following the charge that they are about."""

    async def handle(letter: Letter) -> None:
        await _handle(till, inbox, letter)

    inbox = Inbox(till.database, handle)
    return LetterBox(till, inbox)


async def receive(
    box: LetterBox, *, provider: str, body: bytes, headers: Mapping[str, str]
) -> bool:
    """The letter is genuine and stored for good; False where we had it already.

    Raises `SignatureRejected`, and `ProviderNotConfigured` for a provider that we do not have.
    """
    event = box.till.providers.get(provider).read_event(body, headers)
    async with box.till.database.work(_POSTMAN) as work:
        is_new = await box.inbox.record(work, _arrival(provider, event))
    if is_new:
        box.inbox.nudge()
    else:
        _log.info("webhook seen before", provider=provider, kind=event.kind)
    return is_new


def _arrival(provider: str, event: ProviderEvent) -> Arrival:
    # A genuine letter about another mode or account is kept and never applied.
    is_ours = event.is_ours
    return Arrival(
        provider=provider,
        event_id=event.id,
        kind=event.kind,
        account=event.account,
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
            reference=letter.charge_reference,
            payment_id=letter.payment_id,
        )
    if payment_id is None:
        raise ChargeUnknown

    async def settle(work: Work) -> None:
        await inbox.settled(work, letter, LetterState.DONE)

    try:
        await payments.follow(till, payment_id, letter.charge_reference, also=settle)
    except AmountMismatch as error:
        alert("a charge is not about our amount", during="webhooks", payment=payment_id)
        async with till.database.work(_POSTMAN) as work:
            await inbox.settled(work, letter, LetterState.PARKED, error.code)


def _uuid(text: str | None) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError:
        return None
