"""Numbers over time: a specialist's own, an admin's of all, ready to plot."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, get_args

import pytest

from consulta.features.bookings.rules import ReasonCode
from consulta.features.bookings.status import BookingStatus
from tests.world import World
from tests.world.people import Client, Specialist


@dataclass
class Practice:
    """Two weeks of Dr. Sarah: one session held, one missed, one called off by its client with half
    of the money, one by herself; and one of Dr. Omar's, which is none of her business.
    """

    world: World
    sarah: Specialist
    omar: Specialist
    first: date
    last: date

    async def own(self, **asked: Any) -> Any:
        reply = await self.sarah.get("/specialists/me/stats", params=self._asked(asked))
        assert reply.status == 200, reply.json
        return reply.json

    async def house(self, **asked: Any) -> Any:
        ada = await self.world.admin()
        reply = await ada.get("/admin/stats/series", params=self._asked(asked))
        assert reply.status == 200, reply.json
        return reply.json

    def _asked(self, asked: dict[str, Any]) -> dict[str, Any]:
        return {"from": self.first.isoformat(), "to": self.last.isoformat(), **asked}


@pytest.fixture
async def practice(world: World) -> Practice:
    sarah = await world.specialist(
        open="sun-sat 00:00-24:00", time_zone="Asia/Dubai", auto_confirm=True
    )
    omar = await world.specialist("Dr. Omar", open="sun-sat 00:00-24:00", auto_confirm=True)
    anna, ben = await world.client(), await world.client("Ben")
    # 01:00 in Dubai is still the day before in UTC.
    monday = sarah.at("mon 01:00")
    held = await _paid(world, anna, sarah, monday)
    missed = await _paid(world, ben, sarah, monday + timedelta(hours=1))
    halved = await _paid(world, anna, sarah, monday + timedelta(hours=35))
    returned = await _paid(world, ben, sarah, monday + timedelta(hours=36))
    await _paid(world, anna, omar, monday + timedelta(hours=12))
    said = await sarah.post(
        f"/bookings/{returned['id']}/cancel", {"reason_code": "illness", "reason": "Flu"}
    )
    assert said.status == 200
    await world.stop_clock(monday + timedelta(hours=30))
    said = await anna.post(f"/bookings/{halved['id']}/cancel", {"reason_code": "price"})
    assert said.status == 200
    assert (await sarah.post(f"/bookings/{held['id']}/complete")).status == 200
    assert (await sarah.post(f"/bookings/{missed['id']}/no-show")).status == 200
    await world.work_off()
    return Practice(world, sarah, omar, monday.date(), monday.date() + timedelta(days=13))


def counted(lines: Any) -> dict[str, int]:
    """The sums that are not 0."""
    return {name: total for name, total in lines["totals"].items() if total}


async def _paid(world: World, client: Client, specialist: Specialist, when: datetime) -> Any:
    booking = await client.books(specialist, when, payment_method="pm_sandbox_visa")
    await world.work_off()
    return booking


async def test_sessions_by_status_at_the_date_of_the_specialists_clock(practice: Practice) -> None:
    found = await practice.own(by="week")
    assert found["periods"] == [
        str(practice.first),
        str(practice.first + timedelta(days=7)),
    ]
    assert found["time_zone"] == "Asia/Dubai"
    lines = found["bookings"]
    assert lines["series"]["completed"] == [1, 0]
    assert lines["series"]["no_show"] == [1, 0]
    assert lines["totals"]["completed"] == 1
    assert lines["series"]["cancelled"] == [2, 0]


async def test_days_are_dense_and_in_order(practice: Practice) -> None:
    found = await practice.own()
    assert found["by"] == "day"
    assert found["periods"] == [str(practice.first + timedelta(days=n)) for n in range(14)]
    assert found["bookings"]["series"]["completed"] == [1] + [0] * 13
    assert all(len(line) == 14 for line in found["bookings"]["series"].values())


async def test_every_name_of_the_contract_has_its_line(world: World) -> None:
    """A chart has the same lines where nothing has happened yet."""
    sarah = await world.specialist()
    day = str(sarah.today)
    found = (await sarah.get("/specialists/me/stats", params={"from": day, "to": day})).json
    for lines, names in (
        (found["bookings"], set(BookingStatus)),
        (found["cancellations"]["by_reason"], {*get_args(ReasonCode), "unknown"}),
        (found["cancellations"]["by_actor"], {"client", "specialist", "admin"}),
    ):
        assert lines["series"] == {name: [0] for name in names}
        assert lines["totals"] == dict.fromkeys(names, 0)
    assert found["no_shows"]["held"] == found["packages"]["sold"] == [0]
    assert found["revenue"]["net"] == {"series": {}, "totals": {}}, "no currency is everybody's"


async def test_on_another_clock_the_session_is_of_the_day_before(practice: Practice) -> None:
    before = str(practice.first - timedelta(days=1))
    found = await practice.own(time_zone="UTC", **{"from": before, "to": before})
    assert found["periods"] == [before]
    assert counted(found["bookings"]) == {"completed": 1, "no_show": 1}


async def test_revenue_is_what_was_taken_less_what_went_back(practice: Practice) -> None:
    before = str(practice.first - timedelta(days=7))
    found = (await practice.own(by="month", **{"from": before}))["revenue"]
    assert sum(found["taken"]["series"]["USD"]) == 80_000
    assert found["returned"]["totals"] == {"USD": 30_000}
    assert found["net"]["totals"] == {"USD": 50_000}


async def test_why_and_by_whom_sessions_were_called_off(practice: Practice) -> None:
    before = str(practice.first - timedelta(days=20))
    found = (await practice.own(by="month", **{"from": before}))["cancellations"]
    assert counted(found["by_reason"]) == {"illness": 1, "price": 1}
    assert counted(found["by_actor"]) == {"client": 1, "specialist": 1}


async def test_the_share_of_clients_who_stayed_away(practice: Practice) -> None:
    found = (await practice.own(by="week"))["no_shows"]
    assert found["held"] == [1, 0]
    assert found["missed"] == [1, 0]
    assert found["rate"] == [0.5, None]
    assert found["overall_rate"] == 0.5


async def test_an_admin_sees_the_house_or_one_of_its_specialists(practice: Practice) -> None:
    before = str(practice.first - timedelta(days=7))
    everything = await practice.house(by="month", **{"from": before})
    assert sum(everything["bookings"]["totals"].values()) == 5
    of_omar = await practice.house(
        by="month", specialist_id=str(practice.omar.id), **{"from": before}
    )
    assert counted(of_omar["bookings"]) == {"confirmed": 1}
    assert of_omar["revenue"]["net"]["totals"] == {"USD": 20_000}


async def test_a_specialist_sees_nothing_of_another(practice: Practice) -> None:
    before = str(practice.first - timedelta(days=7))
    reply = await practice.omar.get(
        "/specialists/me/stats",
        params={"from": before, "to": str(practice.last), "by": "month"},
    )
    assert counted(reply.json["bookings"]) == {"confirmed": 1}
    assert counted(reply.json["cancellations"]["by_reason"]) == {}


@pytest.mark.parametrize(
    "asked",
    [
        {"from": "2026-05-02", "to": "2026-05-01"},
        {"from": "2020-01-01", "to": "2026-01-01"},
        {"from": "2000-01-01", "to": "2099-01-01", "by": "month"},
    ],
)
async def test_a_period_has_an_order_and_a_bound(world: World, asked: dict[str, str]) -> None:
    sarah = await world.specialist()
    reply = await sarah.get("/specialists/me/stats", params=asked)
    assert (reply.status, reply.code) == (422, "PERIOD_INVALID")


async def test_without_a_period_it_is_the_last_thirty_days(world: World) -> None:
    sarah = await world.specialist()
    found = (await sarah.get("/specialists/me/stats")).json
    assert len(found["periods"]) == 30
    assert found["to"] == str(sarah.today)
    later = str(sarah.today + timedelta(days=3))
    found = (await sarah.get("/specialists/me/stats", params={"from": later})).json
    assert found["periods"] == [later]


async def test_a_specialist_without_a_page_has_no_numbers(world: World) -> None:
    id_, token = await world._person("New", "specialist", "UTC")
    reply = await Client(world.http, id=id_, token=token).get("/specialists/me/stats")
    assert (reply.status, reply.code) == (404, "SPECIALIST_NOT_FOUND")
