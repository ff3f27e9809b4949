"""What happens to a booking that stands: it is moved, called off, or its money goes back."""

from datetime import timedelta

from tests.crash.cast import Cast
from tests.crash.flows.flow import (
    CONFIRMED,
    REQUESTED,
    VISA,
    WHOLE_WEEK,
    Flow,
    capture,
    returned,
    taken,
)
from tests.crash.promises import Ending


async def _book(cast: Cast) -> None:
    await cast.books(payment_method=VISA)
    await cast.until("awaiting_confirmation")


async def _reschedule(cast: Cast) -> None:
    """Moved while it waits for the specialist, who then confirms it."""
    moved = {"starts_at": cast.sarah.at("tue 11:00").isoformat(), "revision": 0}
    await cast.about_booking(cast.anna, "reschedule", moved)
    await cast.about_booking(cast.sarah, "confirm")


async def _capture_for_tonight(cast: Cast) -> None:
    """Twelve hours ahead: half the money would come back."""
    now = await cast.stage.world.value("SELECT date_trunc('hour', app.now())")
    cast.when = now + timedelta(hours=12)
    await capture(cast)


async def _cancel(cast: Cast) -> None:
    await cast.about_booking(cast.anna, "cancel", {"reason": "ill"})


async def _refund(cast: Cast) -> None:
    """A part by the specialist, and another by an admin."""
    payment = await cast.stage.world.value(
        "SELECT id FROM app.payments WHERE booking_id = $1", cast.booking_id
    )
    path = f"/payments/{payment}/refunds"
    await cast.ask(cast.sarah, path, {"amount_minor": 5_000, "reason": "late"}, key="refund")
    await cast.ask(cast.ada, path, {"amount_minor": 3_000}, key="goodwill")


def _called_off(refunded_minor: int) -> Ending:
    return Ending(
        bookings=((*CONFIRMED, "cancelled"),),
        payments=(returned(refunded_minor),),
        operations=("authorize", "capture", "refund"),
        answers={"book": 201, "confirm": 200, "cancel": 200},
        noted={**REQUESTED, "booking.cancelled": 1, "payment.refund_requested": 1},
        told={**REQUESTED, "booking.cancelled": 1},
    )


FLOWS = (
    Flow(
        "reschedule",
        _reschedule,
        Ending(
            bookings=(CONFIRMED,),
            payments=(taken(),),
            operations=("authorize", "capture"),
            answers={"book": 201, "reschedule": 200, "confirm": 200},
            live_slots=("booked",),
            moves=1,
            noted={**REQUESTED, "booking.rescheduled": 1},
            told={**REQUESTED, "booking.rescheduled": 1},
        ),
        prelude=_book,
    ),
    Flow("cancel_full", _cancel, _called_off(20_000), prelude=capture),
    Flow(
        "cancel_half",
        _cancel,
        _called_off(10_000),
        prelude=_capture_for_tonight,
        page={"open": WHOLE_WEEK},
    ),
    Flow(
        "refund",
        _refund,
        Ending(
            bookings=(CONFIRMED,),
            payments=(returned(8_000),),
            operations=("authorize", "capture", "refund", "refund"),
            answers={"book": 201, "confirm": 200, "refund": 201, "goodwill": 201},
            live_slots=("booked",),
            noted={**REQUESTED, "payment.refund_requested": 2},
            told=REQUESTED,
        ),
        prelude=capture,
    ),
)
