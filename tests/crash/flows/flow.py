"""What a flow is, and what several of them share."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from tests.crash.cast import PRICE_MINOR, Cast
from tests.crash.promises import Ending, Paid
from tests.crash.service import PRODUCT

VISA: Final = "pm_card_visa"

WHOLE_WEEK: Final = "sun-sat 00:00-24:00"


@dataclass(frozen=True, slots=True)
class Flow:
    """`perform` is crashed; what goes before and what settles afterwards is not. `ending` is the
    same either way.
    """

    name: str
    perform: Callable[[Cast], Awaitable[None]]
    ending: Ending
    prelude: Callable[[Cast], Awaitable[None]] | None = None
    page: Mapping[str, Any] = field(default_factory=dict)
    """How the specialists work."""
    specialists: int = 1
    factory: str = PRODUCT
    """Which service the flow needs."""


async def capture(cast: Cast) -> None:
    """Booked with a card, confirmed, captured; Stripe's letters come afterwards."""
    await cast.books(payment_method=VISA)
    await cast.until("awaiting_confirmation")
    await cast.about_booking(cast.sarah, "confirm")


def taken(amount_minor: int = PRICE_MINOR) -> Paid:
    """A payment that was captured whole."""
    return Paid("paid", "succeeded", amount_minor=amount_minor, captured_minor=amount_minor)


def returned(refunded_minor: int, *, amount_minor: int = PRICE_MINOR) -> Paid:
    """A captured payment of which so much went back."""
    whole = refunded_minor == amount_minor
    return Paid(
        "refunded" if whole else "partially_refunded",
        "succeeded",
        amount_minor=amount_minor,
        captured_minor=amount_minor,
        refunded_minor=refunded_minor,
    )


CONFIRMED: Final = ("pending_payment", "awaiting_confirmation", "confirmed")
"""What a booking that is paid online goes through."""

AT_ONCE: Final = ("awaiting_confirmation", "confirmed")
"""What a booking goes through for which nothing is owed."""

REQUESTED: Final[Mapping[str, int]] = {"booking.requested": 1}
