"""Another time that the specialist proposes, and the client's answer to it."""

from datetime import datetime
from typing import Any
from uuid import UUID

from consulta.features.bookings.events import ProposalDeclined, ProposalFact, TimeProposed
from consulta.features.bookings.service.move import tell_moved
from consulta.platform.db.work import Work

_PROPOSE = "SELECT app.propose_time($1, $2, $3, $4)"
_ACCEPT = "SELECT app.accept_proposal($1, $2)"
_DECLINE = "SELECT app.decline_proposal($1, $2)"


async def propose(
    work: Work, *, booking_id: UUID, starts_at: datetime, message: str | None, anyway: bool
) -> dict[str, Any]:
    """The client is asked whether the session may move to `starts_at`; an open proposal is
    replaced. Nothing is claimed: somebody else may still book the time.

    Raises BookingNotFound, Forbidden, AlreadyCancelled, BookingInPast, TooManyProposals,
    NotAccepting, SlotTaken, DayFull, SlotNotOffered.
    """
    made: dict[str, Any] = await work.fetchval(_PROPOSE, booking_id, starts_at, message, anyway)
    work.audit(
        "booking.time_proposed",
        subject_type="booking",
        subject_id=booking_id,
        new={name: made[name] for name in ("id", "starts_at", "anyway")},
    )
    await _tell(work, "booking.time_proposed", TimeProposed, made)
    return made


async def accept_proposal(work: Work, *, booking_id: UUID, proposal_id: UUID) -> None:
    """The booking stands at the proposed time. It counts as moved by whoever proposed it, so the
    client's refund does not suffer (D12).

    Raises BookingNotFound, ProposalNotFound, Forbidden, ProposalNotOpen, AlreadyCancelled,
    BookingInPast, TooManyMoves, NotAccepting, SlotTaken, DayFull, SlotNotOffered; the proposal then
    stays open.
    """
    moved = await work.fetchval(_ACCEPT, booking_id, proposal_id)
    work.audit(
        "booking.proposal_accepted",
        subject_type="booking",
        subject_id=booking_id,
        new={"proposal_id": proposal_id, "starts_at": moved["to_starts_at"]},
    )
    await tell_moved(work, booking_id, moved)


async def decline_proposal(work: Work, *, booking_id: UUID, proposal_id: UUID) -> None:
    """The booking stays where it is, and the specialist knows. Raises BookingNotFound,
    ProposalNotFound, Forbidden, ProposalNotOpen, AlreadyCancelled, BookingInPast.
    """
    declined = await work.fetchval(_DECLINE, booking_id, proposal_id)
    work.audit(
        "booking.proposal_declined",
        subject_type="booking",
        subject_id=booking_id,
        new={"proposal_id": proposal_id},
    )
    await _tell(work, "booking.proposal_declined", ProposalDeclined, declined)


async def _tell(work: Work, topic: str, fact: type[ProposalFact], proposal: dict[str, Any]) -> None:
    ids = {
        "booking_id": UUID(proposal["booking_id"]),
        "specialist_id": UUID(proposal["specialist_id"]),
        "client_id": UUID(proposal["client_id"]),
        "proposal_id": UUID(proposal["id"]),
    }
    work.send(topic, ids)
    await work.announce(fact(**ids, starts_at=datetime.fromisoformat(proposal["starts_at"])))
