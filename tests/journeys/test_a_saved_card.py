"""A series that is paid with a saved card, with the real SDK against the stateful fake Stripe."""

import contextlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from tests.fakes.stripe import Refused
from tests.world.people import Client, Specialist
from tests.world.stripe import SECRET_KEY, StripeWorld

ROUND_THE_CLOCK = "sun-sat 00:00-24:00"


@dataclass(slots=True)
class Visit:
    """Anna sees Sarah every week, and a saved card pays."""

    bank: StripeWorld
    sarah: Specialist
    anna: Client
    one: Any

    @property
    def control(self) -> Any:
        return self.bank.fake.control

    @property
    def card(self) -> Any:
        return self.one["saved_method"]

    @property
    def booking_id(self) -> str:
        """The first session's."""
        return str(self.one["occurrences"][-1]["booking_id"])

    async def saves(self, method: str, card: Any = None) -> Any:
        """What Stripe's script in Anna's browser does with the secret; the card as she then has
        it.
        """
        setup = setup_of(card or self.card)
        with contextlib.suppress(Refused):
            intent = self.control.browser_confirm(setup, payment_method=method)
            if intent["status"] == "requires_action":
                self.control.complete_action(setup)
        await self.bank.letters_arrive()
        return (await self.anna.sees("/saved-methods"))[0]

    async def worker_runs(self) -> None:
        await self.bank.world.work_off("saved_methods.charge", "payments.operations")
        await self.bank.letters_arrive()
        await self.bank.world.work_off("bookings.expire")

    async def is_due(self, *, early: timedelta = timedelta()) -> None:
        """It is four days before the session, or so much earlier, and the worker has run."""
        starts_at = datetime.fromisoformat((await self.booking())["starts_at"])
        now = await self.bank.world.value("SELECT app.now()")
        ahead = starts_at - timedelta(days=4) - early - now
        await self.bank.world.travel(seconds=ahead.total_seconds() + 1)
        await self.worker_runs()

    async def booking(self) -> Any:
        reply = await self.anna.get(f"/bookings/{self.booking_id}")
        assert reply.status == 200, reply.json
        return reply.json

    async def standing(self) -> tuple[str, str, str | None]:
        """Of the session: its status, its payment's, and the last error."""
        seen = await self.booking()
        return seen["status"], seen["payment"]["status"], seen["payment"]["last_error"]

    async def told(self) -> int:
        """How often Anna was told that her card did not pay."""
        found: int = await self.bank.world.value(
            "SELECT count(*) FROM app.outbox WHERE topic = 'payment.saved_card_refused'"
            " AND payload ->> 'booking_id' = $1",
            self.booking_id,
        )
        return found

    def charges(self) -> list[Any]:
        return list(self.control.objects("charge", key=SECRET_KEY))


async def visit(bank: StripeWorld, *, ahead: int = 6, **body: Any) -> Visit:
    """The series has just been created; its first session is so many days ahead, and held."""
    sarah = await bank.world.specialist(open=ROUND_THE_CLOCK, auto_confirm=True)
    anna = await bank.world.client()
    reply = await anna.post("/recurring-bookings", wish(sarah, ahead=ahead, **body))
    assert reply.status == 201, reply.json
    return Visit(bank, sarah, anna, reply.json)


def wish(sarah: Specialist, *, ahead: int = 6, **body: Any) -> dict[str, Any]:
    return {
        "specialist_id": str(sarah.id),
        "rate_id": str(sarah.rates["standard"]),
        "frequency": "weekly",
        "start_date": (sarah.today + timedelta(days=ahead)).isoformat(),
        "payment_mode": "saved_card",
        **body,
    }


def setup_of(card: Any) -> str:
    secret: str = card["next_action"]["client_secret"]
    return secret.partition("_secret_")[0]


async def test_saved_when_the_series_is_made_and_charged_four_days_before(
    bank: StripeWorld,
) -> None:
    one = await visit(bank)
    assert (one.card["status"], one.card["provider"]) == ("pending", "stripe")
    assert one.card["publishable_key"] == "pk_test_consulta"
    assert one.one["saved_method_id"] == one.card["id"]

    declined = await one.saves("pm_card_chargeDeclined")
    assert (declined["status"], declined["last_error"]) == ("pending", "card_declined")
    saved = await one.saves("pm_card_visa")
    assert (saved["status"], saved["label"], saved["next_action"]) == ("ready", "Visa 4242", None)

    await one.is_due(early=timedelta(minutes=5))
    assert await one.standing() == ("pending_payment", "pending", None)
    assert bank.intents() == []

    await one.is_due()
    assert await one.standing() == ("confirmed", "paid", None)
    for _ in range(2):
        await one.worker_runs()
    (intent,) = bank.intents()
    assert (intent["amount_received"], len(one.charges())) == (20_000, 1)
    assert intent["customer"] is not None
    assert await one.told() == 0


async def test_declined_then_told_then_paid_otherwise(bank: StripeWorld) -> None:
    one = await visit(bank)
    await one.saves("pm_card_chargeCustomerFail")
    await one.is_due()
    assert await one.standing() == ("pending_payment", "pending", "card_declined")
    for _ in range(2):
        await bank.world.travel(hours=6)
        await one.worker_runs()
    assert (await one.told(), len(one.charges())) == (1, 1), "once asked, once told"

    path = f"/bookings/{one.booking_id}/payments"
    reply = await one.anna.post(path, {"payment_method": "pm_card_mastercard"})
    assert reply.status == 201, reply.json
    await one.worker_runs()
    assert await one.standing() == ("confirmed", "paid", None)
    assert len(bank.intents()) == 1


async def test_an_owner_who_is_asked_for_and_away_loses_the_time(bank: StripeWorld) -> None:
    """3-D Secure was passed for the set-up, and is wanted again for the charge."""
    one = await visit(bank)
    assert (await one.saves("pm_card_authenticationRequired"))["status"] == "ready"
    await one.is_due()
    assert await one.standing() == ("pending_payment", "pending", "authentication_required")
    assert await one.told() == 1
    assert (await one.booking())["payment"]["next_action"]["client_secret"]

    await bank.world.travel(days=3, minutes=-1)
    await one.worker_runs()
    assert (await one.standing())[0] == "pending_payment", "a day before the start is time to pay"
    await bank.world.travel(minutes=2)
    await one.worker_runs()
    await bank.letters_arrive()
    assert (await one.standing())[:2] == ("expired", "cancelled")
    ben = await bank.world.client("Ben")
    starts_at = datetime.fromisoformat((await one.booking())["starts_at"])
    await ben.books(one.sarah, starts_at)


async def test_a_lost_reply_charges_once_and_a_lost_refusal_tells_once(bank: StripeWorld) -> None:
    one, other = await visit(bank), await visit(bank)
    await one.saves("pm_card_visa")
    await other.saves("pm_card_chargeCustomerFail")
    one.control.drop_next(2, method="POST", path="/v1/payment_intents$")
    await one.is_due()
    for _ in range(3):
        await bank.world.travel(minutes=2)
        await one.worker_runs()
    assert await one.standing() == ("confirmed", "paid", None)
    assert await other.standing() == ("pending_payment", "pending", "card_declined")
    assert (await one.told(), await other.told()) == (0, 1)
    assert (len(bank.intents()), len(one.charges())) == (2, 2)


async def test_stripe_is_away_when_the_series_is_made(bank: StripeWorld) -> None:
    """The series stands, the card waits, and the worker begins to save it, once."""
    bank.fake.control.fail_next(2, status=503, path="/v1/customers")
    one = await visit(bank)
    assert (one.card["status"], one.card["next_action"]) == ("pending", None)
    one.control.drop_next(method="POST", path="/v1/setup_intents")
    for _ in range(3):
        await bank.world.travel(minutes=1)
        await bank.world.work_off("saved_methods.call")
    assert len(one.control.objects("setup_intent", key=SECRET_KEY)) == 1
    (card,) = await one.anna.sees("/saved-methods")

    one.control.browser_confirm(setup_of(card), payment_method="pm_card_visa")
    # She is back before Stripe's letter.
    reply = await one.anna.post(f"/saved-methods/{card['id']}/refresh")
    assert (reply.status, reply.json["status"]) == (200, "ready"), reply.json
    await bank.letters_arrive()
    assert (
        await bank.world.value(
            "SELECT count(*) FROM app.webhook_events WHERE state NOT IN ('done', 'ignored')"
        )
        == 0
    )


async def test_another_card_for_the_series_and_the_former_one_is_forgotten(
    bank: StripeWorld,
) -> None:
    one = await visit(bank)
    await one.saves("pm_card_chargeCustomerFail")
    path = f"/saved-methods/{one.card['id']}"
    assert (await one.anna.delete(path)).code == "SAVED_METHOD_IN_USE"

    other = await one.anna.post("/saved-methods", {"specialist_id": str(one.sarah.id)})
    assert other.status == 201, other.json
    named = {"saved_method_id": other.json["id"]}
    series = f"/recurring-bookings/{one.one['id']}"
    assert (await one.anna.patch(series, named)).code == "SAVED_METHOD_NOT_READY"
    assert (await one.saves("pm_card_visa", other.json))["label"] == "Visa 4242"
    assert (await one.anna.patch(series, named)).status == 200

    assert (await one.anna.delete(path)).status == 204
    assert (await one.anna.delete(path)).code == "SAVED_METHOD_NOT_FOUND"
    await bank.world.work_off("saved_methods.call")
    assert len(one.control.objects("customer", key=SECRET_KEY)) == 1
    await one.is_due()
    assert await one.standing() == ("confirmed", "paid", None), "the waiting session changed cards"

    # A second series names the card, and is paid by hand later on: the card can be removed.
    again = await one.anna.post(
        "/recurring-bookings", wish(one.sarah, ahead=8, local_time="12:00", **named)
    )
    assert (again.status, again.json["saved_method"]["status"]) == (201, "ready"), again.json
    two = Visit(bank, one.sarah, one.anna, again.json)
    for each in (one, two):
        body = {"payment_mode": "per_session"}
        reply = await one.anna.patch(f"/recurring-bookings/{each.one['id']}", body)
        assert reply.status == 200, reply.json
    assert (await one.anna.delete(f"/saved-methods/{named['saved_method_id']}")).status == 204
    await two.is_due()
    assert await two.standing() == ("pending_payment", "pending", "saved_method_not_ready")
    assert await two.told() == 1
