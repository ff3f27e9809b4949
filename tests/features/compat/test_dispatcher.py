"""The older system's bell for the dispatcher: its address, its words, its errors."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from consulta.features.compat import rules
from tests.features.recurring.dispatching import bookings, series
from tests.settings import CRON_SECRET
from tests.world import Reply, World

ADDRESS = "/functions/v1/recurring-bookings-dispatcher"
NOW = datetime(2027, 1, 4, 2, tzinfo=UTC)
FRIDAY = "2027-01-08"


async def ring(world: World, *, secret: str | None = CRON_SECRET, **more: Any) -> Reply:
    headers = {"Authorization": f"Bearer {secret}"} if secret is not None else {}
    return await world.anonymous.post(ADDRESS, headers=headers, key=None, **more)


async def test_what_was_made_is_listed(world: World) -> None:
    sarah, anna = await world.specialist(), await world.client()
    await world.stop_clock(NOW)
    made = [await series(world, sarah, anna, FRIDAY, at) for at in ("10:00", "11:00")]
    without = await series(world, sarah, anna, FRIDAY, "12:00", kind="followup")
    await world.superuser.execute(
        "UPDATE app.specialist_rates SET is_active = false WHERE kind = 'followup'"
    )

    reply = await ring(world)

    assert reply.status == 200, reply.json
    listed = {one["recurring_id"]: one for one in reply.json.pop("bookings")}
    assert reply.json == {
        "success": True,
        "message": "Dispatched 2 recurring bookings",
        "count": 2,
        "errors": [{"recurring_id": str(without), "error": "No rates found"}],
    }
    assert set(listed) == {str(one) for one in made}
    [first] = await bookings(world, made[0])
    assert listed[str(made[0])] == {
        "booking_id": str(first["id"]),
        "recurring_id": str(made[0]),
        "starts_at": "2027-01-08T10:00:00Z",
        "status": "confirmed",
    }


async def test_ten_rings_have_one_effect(world: World) -> None:
    sarah, anna = await world.specialist(), await world.client()
    await world.stop_clock(NOW)
    made = await series(world, sarah, anna, FRIDAY)
    assert (await ring(world)).json["message"] == "Dispatched 1 recurring booking"
    for again in range(1, 10):
        await world.stop_clock(NOW + timedelta(seconds=again))
        reply = await ring(world)
        assert (reply.status, reply.json["count"], reply.json["bookings"]) == (200, 0, [])
    assert len(await bookings(world, made)) == 1


@pytest.mark.parametrize("secret", [None, "", "wrong", CRON_SECRET[:-1], CRON_SECRET + "x"])
async def test_the_wrong_secret_is_refused_in_the_old_shape(
    world: World, secret: str | None
) -> None:
    reply = await ring(world, secret=secret)
    assert reply.status == 401
    assert reply.headers["content-type"] == "application/json"
    assert reply.json == {
        "success": False,
        "error": "UNAUTHORIZED",
        "message": "The cron secret is missing or wrong.",
    }


async def test_a_run_that_fails_says_so(world: World) -> None:
    sarah, anna = await world.specialist(), await world.client()
    await world.stop_clock(NOW)
    await series(world, sarah, anna, FRIDAY)
    await world.superuser.execute("REVOKE EXECUTE ON FUNCTION app.due_series FROM consulta_worker")

    reply = await ring(world)

    assert reply.status == 500
    assert (reply.json["success"], reply.json["error"]) == (False, "DISPATCH_FAILED")


async def test_while_a_run_is_under_way_that_is_said(world: World) -> None:
    await world.superuser.execute(
        "INSERT INTO app.job_runs (job, due_at, lease_until)"
        " VALUES ('recurring.dispatch', app.now(), app.now() + interval '1 minute')"
    )

    reply = await ring(world)

    assert reply.status == 200
    assert (reply.json["message"], reply.json["count"]) == ("A dispatch is under way", 0)


@pytest.mark.parametrize(
    ("status", "told", "code"),
    [
        (401, 401, "UNAUTHORIZED"),
        (405, 405, "INVALID_REQUEST"),
        (413, 400, "INVALID_REQUEST"),
        (503, 500, "DISPATCH_FAILED"),
    ],
)
def test_how_a_refusal_is_told(status: int, told: int, code: str) -> None:
    sent = rules.dispatch_refusal(status, "WHATEVER", "A sentence.")
    assert sent == (told, {"success": False, "error": code, "message": "A sentence."})
