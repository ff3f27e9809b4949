"""Who sees what of a booking: parties their own, payers their secret, strangers nothing at all."""

from typing import Any
from uuid import uuid4

import pytest

from tests.features.bookings.stages import booked, without_request
from tests.world import World


async def test_the_payers_secret_is_the_payers_alone(
    world: World, capfd: pytest.CaptureFixture[str]
) -> None:
    stage = await booked(world)
    payment = (await stage.seen())["payment"]
    secret = payment["next_action"]["client_secret"]
    ada = await world.admin()
    for other in (stage.sarah, ada):
        for path in (f"/bookings/{stage.id}", "/bookings", f"/payments/{payment['id']}"):
            reply = await other.get(path)
            assert reply.status == 200
            assert b"_secret_" not in reply.content, path
    # A list is no place for it either, not even the payer's own.
    assert b"_secret_" not in (await stage.anna.get("/bookings")).content
    output = "".join(capfd.readouterr())
    assert secret not in output
    for table in ("audit_logs", "outbox", "booking_status_history", "payment_operations"):
        rows = await world.rows(f"SELECT * FROM app.{table}")
        assert rows
        assert secret not in str(rows)


async def test_others_bookings_look_absent_to_everybody(world: World) -> None:
    stage = await booked(world)
    ben, omar = await world.client("Ben"), await world.specialist("Dr. Omar")
    random = uuid4()
    for other in (ben, omar):
        for verb, path in (
            ("GET", ""),
            ("GET", "/history"),
            ("POST", "/cancel"),
            ("POST", "/payments"),
            ("POST", "/confirm"),
            ("POST", "/decline"),
            ("POST", "/complete"),
            ("POST", "/no-show"),
        ):
            body: Any = {} if verb == "POST" and path == "/payments" else None
            theirs = await other.request(verb, f"/bookings/{stage.id}{path}", body)
            absent = await other.request(verb, f"/bookings/{random}{path}", body)
            assert theirs.status == absent.status, (verb, path)
            assert theirs.status == 404 or (other is ben and theirs.status == 403), (verb, path)
            assert without_request(theirs.json) == without_request(absent.json)
    assert await stage.status() == ("pending_payment", "pending")
