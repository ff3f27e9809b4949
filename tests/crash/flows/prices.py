"""Coupons: a booking that costs less, and one that costs nothing."""

from typing import Final

from tests.crash.cast import PRICE_MINOR, Cast
from tests.crash.flows.flow import AT_ONCE, CONFIRMED, REQUESTED, VISA, Flow, taken
from tests.crash.promises import Ending, Paid


async def _offers(cast: Cast, percent: int) -> None:
    body = {"code": "TEN", "kind": "percent", "percent": percent, "most_uses": 1}
    await cast.ask(cast.sarah, "/specialists/me/coupons", body, key="offer")


async def _a_tenth_off(cast: Cast) -> None:
    await _offers(cast, 10)


async def _all_of_it_off(cast: Cast) -> None:
    await _offers(cast, 100)


async def _books(cast: Cast) -> None:
    await cast.books(payment_method=VISA, coupon_code="TEN")
    await cast.until("awaiting_confirmation")
    await cast.about_booking(cast.sarah, "confirm")


async def _books_for_nothing(cast: Cast) -> None:
    await cast.books(coupon_code="TEN")
    await cast.about_booking(cast.sarah, "confirm")


async def _waits(cast: Cast) -> None:
    await _offers(cast, 10)
    await cast.books(payment_method=VISA, coupon_code="TEN")
    await cast.until("awaiting_confirmation")


async def _cancels(cast: Cast) -> None:
    await cast.about_booking(cast.anna, "cancel", {"reason": "ill"})


_PRICE_MINOR: Final = PRICE_MINOR * 9 // 10

FLOWS = (
    Flow(
        "coupon",
        _books,
        Ending(
            bookings=(CONFIRMED,),
            payments=(taken(_PRICE_MINOR),),
            operations=("authorize", "capture"),
            coupon_uses=("used",),
            answers={"offer": 201, "book": 201, "confirm": 200},
            live_slots=("booked",),
            noted=REQUESTED,
            told=REQUESTED,
        ),
        prelude=_a_tenth_off,
    ),
    Flow(
        "coupon_free",
        _books_for_nothing,
        Ending(
            bookings=(AT_ONCE,),
            coupon_uses=("used",),
            answers={"offer": 201, "book": 201, "confirm": 200},
            live_slots=("booked",),
            noted=REQUESTED,
            told=REQUESTED,
        ),
        prelude=_all_of_it_off,
    ),
    Flow(
        "coupon_back",
        _cancels,
        Ending(
            bookings=(("pending_payment", "awaiting_confirmation", "cancelled"),),
            payments=(Paid("cancelled", "canceled", amount_minor=_PRICE_MINOR),),
            operations=("authorize", "cancel"),
            coupon_uses=("returned",),
            answers={"offer": 201, "book": 201, "cancel": 200},
            noted=REQUESTED,
            told=REQUESTED,
        ),
        prelude=_waits,
    ),
)
