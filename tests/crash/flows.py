"""The flows that are crashed: what people do, and how it must end."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Final

from tests.crash.cast import PRICE_MINOR, Cast
from tests.crash.promises import Ending

_VISA: Final = "pm_card_visa"


@dataclass(frozen=True, slots=True)
class Flow:
    """`perform` is crashed; what goes before and what settles afterwards is not. `ending` is the
    same either way.
    """

    name: str
    perform: Callable[[Cast], Awaitable[None]]
    ending: Ending
    prelude: Callable[[Cast], Awaitable[None]] | None = None


async def _capture(cast: Cast) -> None:
    """Booked with a card, confirmed, captured; Stripe's letters come afterwards."""
    await cast.books(payment_method=_VISA)
    await cast.until("awaiting_confirmation")
    await cast.about_booking(cast.sarah, "confirm")


async def _book_and_die(cast: Cast) -> None:
    await cast.is_left(cast.anna, "/bookings", cast.wish(payment_method=_VISA), key="book")


async def _confirm_and_die(cast: Cast) -> None:
    await cast.books(payment_method=_VISA)
    await cast.is_left(cast.sarah, f"/bookings/{cast.booking_id}/confirm", key="confirm")


async def _confirm(cast: Cast) -> None:
    await cast.about_booking(cast.sarah, "confirm")


async def _worker(cast: Cast) -> None:
    """The worker finishes what a dead process left, before the client asks again."""
    await cast.worker_runs()
    await _capture(cast)


async def _letters(cast: Cast) -> None:
    """Paid in the browser, so that a letter brings the authorisation; then confirmed."""
    booked = await cast.books()
    await cast.until("pending_payment")
    secret = booked.json["payment"]["next_action"]["client_secret"]
    control = cast.stage.fake.control
    control.browser_confirm(secret.partition("_secret_")[0], payment_method=_VISA)
    await cast.letters_arrive()
    await cast.until("awaiting_confirmation")
    await cast.about_booking(cast.sarah, "confirm")
    await cast.letters_arrive()


async def _decline(cast: Cast) -> None:
    await cast.books(payment_method=_VISA)
    await cast.until("awaiting_confirmation")
    await cast.about_booking(cast.sarah, "decline", {"reason": "on leave"})


async def _cancel(cast: Cast) -> None:
    await cast.books(payment_method=_VISA)
    await cast.until("awaiting_confirmation")
    await cast.about_booking(cast.anna, "cancel", {"reason": "ill"})


async def _expire(cast: Cast) -> None:
    """Nobody pays: half an hour later cron expires the booking, and the worker voids."""
    await cast.books()
    await cast.stage.pass_time(31 * 60)
    await cast.cron("cleanup-bookings")
    await cast.worker_runs()


def _voided(status: str, *steps: str, answers: Mapping[str, int]) -> Ending:
    return Ending(
        booking=status,
        payment="cancelled",
        intent="canceled",
        history=("pending_payment", *steps, status),
        operations=("authorize", "cancel"),
        answers={"book": 201, **answers},
    )


_CAPTURED = Ending(
    booking="confirmed",
    payment="paid",
    intent="succeeded",
    history=("pending_payment", "awaiting_confirmation", "confirmed"),
    operations=("authorize", "capture"),
    answers={"book": 201, "confirm": 200},
    live_slots=("booked",),
    captured_minor=PRICE_MINOR,
)

FLOWS: Final[Mapping[str, Flow]] = {
    flow.name: flow
    for flow in (
        Flow("capture", _capture, _CAPTURED),
        Flow("letters", _letters, _CAPTURED),
        Flow("rebook", _capture, _CAPTURED, prelude=_book_and_die),
        Flow("reconfirm", _confirm, _CAPTURED, prelude=_confirm_and_die),
        Flow("worker", _worker, _CAPTURED, prelude=_book_and_die),
        Flow(
            "decline",
            _decline,
            _voided("declined", "awaiting_confirmation", answers={"decline": 200}),
        ),
        Flow(
            "cancel",
            _cancel,
            _voided("cancelled", "awaiting_confirmation", answers={"cancel": 200}),
        ),
        Flow("expire", _expire, _voided("expired", answers={})),
    )
}
