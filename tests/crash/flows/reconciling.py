"""What no letter told of: the hourly comparison with Stripe's books finds it."""

from typing import Final

from tests.crash.cast import Cast
from tests.crash.flows.flow import CONFIRMED, REQUESTED, VISA, Flow, taken
from tests.crash.promises import Ending

_QUIET_SECONDS: Final = 3 * 3600.0
"""So long that the charges of others lie before what is compared."""


async def _pays_unheard(cast: Cast) -> None:
    await cast.stage.pass_time(_QUIET_SECONDS)
    booked = await cast.books()
    await cast.cron("reconcile-payments")
    cast.pays_in_browser(booked, VISA)


async def _reconcile(cast: Cast) -> None:
    """An authorisation is missed, and then money that was taken at Stripe's own desk."""
    await _compares(cast)
    await cast.until("awaiting_confirmation")
    (intent,) = cast.intents()
    cast.stage.fake.control.capture_from_dashboard(intent["id"])
    await _compares(cast)
    await cast.until("confirmed")


async def _compares(cast: Cast) -> None:
    # A job has one run a second: the next one would have to wait, or not.
    await cast.stage.pass_time(60)
    await cast.cron("reconcile-payments")


FLOWS = (
    Flow(
        "reconcile",
        _reconcile,
        Ending(
            bookings=(CONFIRMED,),
            payments=(taken(),),
            operations=("authorize",),
            answers={"book": 201},
            live_slots=("booked",),
            noted=REQUESTED,
            told=REQUESTED,
        ),
        prelude=_pays_unheard,
    ),
)
