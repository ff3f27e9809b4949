"""From booking to money that is taken, or not."""

from collections.abc import Mapping

from tests.crash.cast import Cast
from tests.crash.flows.flow import CONFIRMED, REQUESTED, VISA, Flow, capture, taken
from tests.crash.promises import Ending, Paid


async def _book_and_die(cast: Cast) -> None:
    await cast.is_left(cast.anna, "/bookings", cast.wish(payment_method=VISA), key="book")


async def _confirm_and_die(cast: Cast) -> None:
    await cast.books(payment_method=VISA)
    await cast.is_left(cast.sarah, f"/bookings/{cast.booking_id}/confirm", key="confirm")


async def _confirm(cast: Cast) -> None:
    await cast.about_booking(cast.sarah, "confirm")


async def _worker(cast: Cast) -> None:
    """The worker finishes what a dead process left, before the client asks again."""
    await cast.worker_runs()
    await capture(cast)


async def _letters(cast: Cast) -> None:
    """Paid in the browser, so that a letter brings the authorisation; then confirmed."""
    booked = await cast.books()
    await cast.until("pending_payment")
    cast.pays_in_browser(booked, VISA)
    await cast.letters_arrive()
    await cast.until("awaiting_confirmation")
    await cast.about_booking(cast.sarah, "confirm")
    await cast.letters_arrive()


async def _decline(cast: Cast) -> None:
    await cast.books(payment_method=VISA)
    await cast.until("awaiting_confirmation")
    await cast.about_booking(cast.sarah, "decline", {"reason": "on leave"})


async def _cancel(cast: Cast) -> None:
    await cast.books(payment_method=VISA)
    await cast.until("awaiting_confirmation")
    await cast.about_booking(cast.anna, "cancel", {"reason": "ill"})


async def _expire(cast: Cast) -> None:
    """Nobody pays: half an hour later cron expires the booking, and the worker voids."""
    await cast.books()
    await cast.stage.pass_time(31 * 60)
    await cast.cron("cleanup-bookings")
    await cast.worker_runs()


def _voided(*steps: str, answers: Mapping[str, int]) -> Ending:
    return Ending(
        bookings=(("pending_payment", *steps),),
        payments=(Paid("cancelled", "canceled"),),
        operations=("authorize", "cancel"),
        answers={"book": 201, **answers},
        noted=REQUESTED,
        told=REQUESTED,
    )


_CAPTURED = Ending(
    bookings=(CONFIRMED,),
    payments=(taken(),),
    operations=("authorize", "capture"),
    answers={"book": 201, "confirm": 200},
    live_slots=("booked",),
    noted=REQUESTED,
    told=REQUESTED,
)

FLOWS = (
    Flow("capture", capture, _CAPTURED),
    Flow("letters", _letters, _CAPTURED),
    Flow("rebook", capture, _CAPTURED, prelude=_book_and_die),
    Flow("reconfirm", _confirm, _CAPTURED, prelude=_confirm_and_die),
    Flow("worker", _worker, _CAPTURED, prelude=_book_and_die),
    Flow(
        "decline",
        _decline,
        _voided("awaiting_confirmation", "declined", answers={"decline": 200}),
    ),
    Flow(
        "cancel",
        _cancel,
        _voided("awaiting_confirmation", "cancelled", answers={"cancel": 200}),
    ),
    Flow("expire", _expire, _voided("expired", answers={})),
)
