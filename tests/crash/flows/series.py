"""Series: dispatched when they are made, and by the nightly run, all at once and in pieces."""

from datetime import timedelta
from typing import Final
from uuid import UUID

from tests.crash import piecemeal
from tests.crash.cast import LAPSE_SECONDS, PRICE_MINOR, Cast
from tests.crash.flows import packages
from tests.crash.flows.flow import CONFIRMED, VISA, WHOLE_WEEK, Flow, taken
from tests.crash.promises import Ending, Paid
from tests.features.recurring import dispatching

_PAGE: Final = {"open": WHOLE_WEEK}


async def _create(cast: Cast) -> None:
    """Two dates, each paid with a credit; what was not booked at once, the nightly run books."""
    body = {
        "specialist_id": str(cast.sarah.id),
        "rate_id": str(cast.sarah.rates["standard"]),
        "frequency": "weekly",
        "start_date": (cast.sarah.today + timedelta(days=2)).isoformat(),
        "end_date": (cast.sarah.today + timedelta(days=9)).isoformat(),
        "payment_mode": "package",
        "package_purchase_id": str(cast.made("buy")),
    }
    await cast.ask(cast.anna, "/recurring-bookings", body, key="series")
    await cast.cron("dispatch-recurring")


async def _four_are_due(cast: Cast) -> None:
    """Two dates by hand, and one more that they stand in the way of; one to be paid online; two to
    be paid with the only credit.
    """
    await _another_due_time(cast)
    world, sarah, anna = cast.stage.world, cast.sarah, cast.anna
    credit: UUID = await dispatching.package(world, sarah, anna, credits=1)
    await _due(cast, 2, weeks=2)
    await _due(cast, 2, weeks=1)
    await _due(cast, 3, weeks=1, mode="per_session", accepted=False)
    await _due(cast, 4, weeks=2, mode="package", purchase=credit, accepted=False)


async def _one_of_each_is_due(cast: Cast) -> None:
    await _another_due_time(cast)
    for number in range(len(cast.specialists)):
        await _due(cast, 2, weeks=1, specialist=number)


async def _has_bought(cast: Cast) -> None:
    await _another_due_time(cast)
    await packages.has_bought(cast)


async def _another_due_time(cast: Cast) -> None:
    """A job that was run for its due time a moment ago would be found settled."""
    await cast.stage.pass_time(LAPSE_SECONDS)


async def _due(
    cast: Cast,
    ahead: int,
    *,
    weeks: int,
    specialist: int = 0,
    mode: str = "manual",
    purchase: UUID | None = None,
    accepted: bool = True,
) -> None:
    """A weekly series that begins so many days ahead, and ends with its last date: no later run
    finds it again.
    """
    sold_by = cast.specialists[specialist]
    start = sold_by.today + timedelta(days=ahead)
    await dispatching.series(
        cast.stage.world,
        sold_by,
        cast.anna,
        start,
        end=start + timedelta(weeks=weeks - 1),
        mode=mode,
        purchase=purchase,
        accepted=accepted,
    )


async def _saves_a_card(cast: Cast) -> None:
    """One session, which a card is to pay that Stripe has saved, and of which we have not heard."""
    await _another_due_time(cast)
    day = (cast.sarah.today + timedelta(days=2)).isoformat()
    body = {
        "specialist_id": str(cast.sarah.id),
        "rate_id": str(cast.sarah.rates["standard"]),
        "frequency": "weekly",
        "start_date": day,
        "end_date": day,
        "payment_mode": "saved_card",
    }
    made = await cast.ask(cast.anna, "/recurring-bookings", body, key="series")
    secret: str = made.json["saved_method"]["next_action"]["client_secret"]
    setup = secret.partition("_secret_")[0]
    cast.stage.fake.control.browser_confirm(setup, payment_method=VISA)


async def _charge(cast: Cast) -> None:
    """Anna comes back and asks how her card stands; it is due at once, and pays."""
    [series] = [one.reply.json for one in cast.asked]
    await cast.anna.post(f"/saved-methods/{series['saved_method_id']}/refresh")
    await cast.cron("charge-saved-cards")
    await cast.worker_runs()
    await cast.until("confirmed", id_=UUID(series["occurrences"][0]["booking_id"]))


async def _dispatch(cast: Cast) -> None:
    """The nightly run; the worker then asks for the money."""
    await cast.cron("dispatch-recurring")
    await cast.worker_runs()


_BY_HAND: Final = Paid("pending", None, amount_minor=PRICE_MINOR)

FLOWS = (
    Flow(
        "series",
        _create,
        Ending(
            bookings=(("confirmed",), ("confirmed",)),
            payments=(taken(8_000),),
            operations=("authorize",),
            live_slots=("booked", "booked"),
            purchases=(("active", 2),),
            ledger=(("granted", 4), ("reserved", -1), ("reserved", -1)),
            series=("ended",),
            dates=("booked", "booked"),
            answers={"offer": 201, "buy": 201, "series": 201},
            noted={"series.created": 1, "booking.requested": 2, "series.ended": 1},
            told={"series.created": 1, "booking.requested": 2, "series.ended": 1},
        ),
        prelude=_has_bought,
        page=_PAGE,
    ),
    Flow(
        "dispatch",
        _dispatch,
        Ending(
            bookings=(
                ("awaiting_confirmation",),
                ("confirmed",),
                ("confirmed",),
                ("pending_payment",),
            ),
            payments=(_BY_HAND, _BY_HAND, Paid("pending", "requires_payment_method")),
            operations=("authorize",),
            live_slots=("booked", "booked", "booked", "held"),
            purchases=(("active", 0),),
            ledger=(("granted", 1), ("reserved", -1)),
            series=("ended",) * 4,
            dates=("booked", "booked", "booked", "booked", "no_credit", "taken"),
            answers={},
            noted={"booking.requested": 4, "series.skipped": 2, "series.ended": 4},
            told={"booking.requested": 4, "series.skipped": 2, "series.ended": 4},
        ),
        prelude=_four_are_due,
        page=_PAGE,
    ),
    Flow(
        "saved_card",
        _charge,
        Ending(
            bookings=(CONFIRMED,),
            payments=(taken(),),
            operations=("authorize", "capture"),
            live_slots=("booked",),
            series=("ended",),
            dates=("booked",),
            answers={"series": 201},
            noted={"booking.requested": 1},
            told={"booking.requested": 1, "booking.confirmed": 1},
        ),
        prelude=_saves_a_card,
        page={**_PAGE, "auto_confirm": True},
    ),
    Flow(
        "batches",
        _dispatch,
        Ending(
            bookings=(("confirmed",),) * 3,
            payments=(_BY_HAND,) * 3,
            live_slots=("booked",) * 3,
            series=("ended",) * 3,
            dates=("booked",) * 3,
            answers={},
            noted={"booking.requested": 3},
            told={"booking.requested": 3},
        ),
        prelude=_one_of_each_is_due,
        page=_PAGE,
        specialists=3,
        factory=piecemeal.FACTORY,
    ),
)
