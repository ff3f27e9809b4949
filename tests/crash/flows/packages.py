"""Packages: bought, paid, given up, given back, and what their credits buy."""

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from tests.crash.cast import Cast
from tests.crash.flows.flow import AT_ONCE, REQUESTED, VISA, Flow, returned, taken
from tests.crash.promises import Ending, Paid
from tests.features.packages.shop import offer

_PRICE_MINOR: Final = 8_000
_GRANTED: Final = ("granted", 4)
_BOUGHT: Final = {"package.purchased": 1}
_ACTIVE: Final = {"package.purchased": 1, "package.activated": 1}


async def _offers(cast: Cast) -> None:
    await cast.ask(cast.sarah, "/specialists/me/packages", offer(cast.sarah), key="offer")


def _shop(cast: Cast) -> str:
    return f"/packages/{cast.made('offer')}/purchases"


async def buys(cast: Cast, method: str | None = VISA) -> Any:
    """Four credits of Sarah's, under the key `buy`; the answer."""
    body = {} if method is None else {"payment_method": method}
    return await cast.ask(cast.anna, _shop(cast), body, key="buy")


async def has_bought(cast: Cast) -> None:
    await _offers(cast)
    await buys(cast)


async def _buys(cast: Cast) -> None:
    await buys(cast)
    await cast.until("active", table="package_purchases", id_=cast.made("buy"))


async def _buy_and_die(cast: Cast) -> None:
    await _offers(cast)
    await cast.is_left(cast.anna, _shop(cast), {"payment_method": VISA}, key="buy")


async def _worker(cast: Cast) -> None:
    """The worker finishes what a dead process left, before the buyer asks again."""
    await cast.worker_runs()
    await _buys(cast)


async def _letters(cast: Cast) -> None:
    """Paid in the browser, so that a letter brings the credits."""
    bought = await buys(cast, None)
    cast.pays_in_browser(bought, VISA)
    await cast.letters_arrive()
    await cast.until("active", table="package_purchases", id_=cast.made("buy"))


async def _expire(cast: Cast) -> None:
    """Nobody pays: half an hour later cron gives the purchase up, and the worker voids."""
    await buys(cast, None)
    await cast.stage.pass_time(31 * 60)
    await cast.cron("expire-packages")
    await cast.worker_runs()


async def _books(cast: Cast) -> None:
    await cast.books(package_purchase_id=str(cast.made("buy")))
    await cast.about_booking(cast.sarah, "confirm")


async def _has_booked(cast: Cast) -> None:
    await has_bought(cast)
    await _books(cast)


async def _cancels(cast: Cast) -> None:
    await cast.about_booking(cast.anna, "cancel", {"reason": "ill"})


async def _gives_back(cast: Cast) -> None:
    """The three credits that no session has."""
    path = f"/package-purchases/{_purchase(cast)}/refund"
    await cast.ask(cast.sarah, path, key="give_back")


def _purchase(cast: Cast) -> UUID:
    return cast.made("buy")


_PAID = Ending(
    payments=(taken(_PRICE_MINOR),),
    operations=("authorize",),
    purchases=(("active", 4),),
    ledger=(_GRANTED,),
    answers={"offer": 201, "buy": 201},
    noted={**_BOUGHT, "package.active": 1, "package.credits_granted": 1},
    told=_ACTIVE,
)


def _spent(history: tuple[str, ...], *ledger: tuple[str, int], **more: Any) -> Ending:
    answers: Mapping[str, int] = more.pop("answers")
    ends: dict[str, Any] = {
        "bookings": (history,),
        "payments": _PAID.payments,
        "operations": _PAID.operations,
        "ledger": (_GRANTED, ("reserved", -1), *ledger),
        "answers": {**_PAID.answers, "book": 201, "confirm": 200, **answers},
        "noted": {**_PAID.noted, **REQUESTED},
        "told": {**_ACTIVE, **REQUESTED},
    }
    return Ending(**(ends | more))


_BOOKED = _spent(AT_ONCE, answers={}, live_slots=("booked",), purchases=(("active", 3),))

FLOWS = (
    Flow("buy", _buys, _PAID, prelude=_offers),
    Flow("rebuy", _buys, _PAID, prelude=_buy_and_die),
    Flow("buy_worker", _worker, _PAID, prelude=_buy_and_die),
    Flow("buy_letters", _letters, _PAID, prelude=_offers),
    Flow(
        "buy_expire",
        _expire,
        Ending(
            payments=(Paid("cancelled", "canceled", amount_minor=_PRICE_MINOR),),
            operations=("authorize", "cancel"),
            purchases=(("cancelled", 0),),
            answers={"offer": 201, "buy": 201},
            noted={**_BOUGHT, "package.cancelled": 1},
            told={**_BOUGHT, "package.cancelled": 1},
        ),
        prelude=_offers,
    ),
    Flow("credit", _books, _BOOKED, prelude=has_bought),
    Flow(
        "credit_back",
        _cancels,
        _spent(
            (*AT_ONCE, "cancelled"),
            ("returned", 1),
            answers={"cancel": 200},
            purchases=(("active", 4),),
        ),
        prelude=_has_booked,
    ),
    Flow(
        "give_back",
        _gives_back,
        _spent(
            AT_ONCE,
            ("refunded", -3),
            answers={"give_back": 200},
            live_slots=("booked",),
            purchases=(("active", 0),),
            payments=(returned(6_000, amount_minor=_PRICE_MINOR),),
            operations=("authorize", "refund"),
            noted={
                **_PAID.noted,
                **REQUESTED,
                "package.credits_refunded": 1,
                "payment.refund_requested": 1,
            },
        ),
        prelude=_has_booked,
    ),
)
