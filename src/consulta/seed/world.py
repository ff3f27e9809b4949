"""The sample world is put in place: accounts by the use case for them, all else over HTTP, spoken
to the application directly. Safe to run again: who stands in the directory is left alone.
"""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
from fastapi import FastAPI

from consulta.features.auth import service as auth
from consulta.kernel.actor import Actor, Role
from consulta.platform.auth.identity import Identities
from consulta.platform.db.work import Database
from consulta.routes import API
from consulta.seed.held import hold_session
from consulta.seed.people import ADMIN, CLIENT, SPECIALISTS
from consulta.seed.sample import WEEKDAYS, Differs, Hours, Inhabitant, Offer, Sample

Tell = Callable[[str], None]

_SEED = Actor.system("seed")
_ACCOUNT = "SELECT id FROM app.users WHERE email = $1"


class SeedRefused(RuntimeError):
    """The service did not accept a part of the sample world."""


@dataclass(frozen=True, slots=True)
class SampleWorld:
    """Those whom a walk-through needs."""

    sarah: Inhabitant
    client: Inhabitant
    admin: Inhabitant


async def seed(app: FastAPI, *, tell: Tell) -> SampleWorld:
    """Everybody is there, and verified; `app` has not been started. Raises `SeedRefused`."""
    async with app.router.lifespan_context(app):
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://seed") as http:
            return await _Settler(app, http, tell).settle()


class _Settler:
    """Brings people into the service, one after the other."""

    def __init__(self, app: FastAPI, http: httpx.AsyncClient, tell: Tell) -> None:
        self.database: Database = app.state.database
        self.identities: Identities = app.state.identities
        self.http = http
        self.tell = tell

    async def settle(self) -> SampleWorld:
        admin = await self._inhabitant(*ADMIN, role=Role.ADMIN)
        client = await self._inhabitant(*CLIENT, role=Role.CLIENT)
        known = []
        for number, sample in enumerate(SPECIALISTS, start=1):
            person = await self._inhabitant(
                sample.name, sample.email, sample.zone, role=Role.SPECIALIST
            )
            known.append(person)
            if not await self._is_listed(person):
                self.tell(f"  {number} of {len(SPECIALISTS)}: {sample.name}, {sample.zone}")
                await self._open_practice(person, sample, admin)
        await self._hold_session(known[0], client)
        return SampleWorld(sarah=known[0], client=client, admin=admin)

    async def _inhabitant(self, name: str, email: str, zone: str, *, role: Role) -> Inhabitant:
        """The account is there and signed in. Nobody can sign in to it with a password."""
        async with self.database.work(_SEED) as work:
            user_id = await work.fetchval(_ACCOUNT, email)
            if user_id is None:
                user_id = await auth.create_account(
                    work, email=email, full_name=name, role=role, time_zone=zone
                )
            tokens = await auth.start_session(work, user_id=user_id, identities=self.identities)
        return Inhabitant(user_id, name, tokens.access_token)

    async def _is_listed(self, person: Inhabitant) -> bool:
        answer = await self.http.get(f"{API}/specialists/{person.id}")
        return answer.status_code == httpx.codes.OK

    async def _open_practice(self, person: Inhabitant, sample: Sample, admin: Inhabitant) -> None:
        await self._ask("PUT", "/specialists/me", person, _page(sample))
        await self._price(person, sample)
        week = {"time_zone": sample.zone, "rules": _rules(sample.week)}
        await self._ask("PUT", "/specialists/me/availability", person, week)
        for differs in sample.differs:
            await self._ask(
                "POST", "/specialists/me/availability-exceptions", person, _exception(differs)
            )
        for discount in sample.discounts:
            body = asdict(discount) | {"kind": "percent"}
            await self._ask(
                "POST", "/specialists/me/coupons", person, body, or_code="COUPON_CODE_TAKEN"
            )
        if sample.zoom_link is not None:
            room = {"provider": "zoom", "mode": "static", "link": sample.zoom_link}
            await self._ask("PUT", "/specialists/me/video-config", person, room)
        # Last, because being listed is how a second run sees that somebody is complete.
        await self._ask("POST", f"/admin/specialists/{person.id}/verify", admin)

    async def _hold_session(self, specialist: Inhabitant, client: Inhabitant) -> None:
        """Its review, which comes last, is how a second run sees that it was held."""
        reviews = await self._ask("GET", f"/specialists/{specialist.id}/reviews", client)
        if reviews["items"]:
            return
        async with self.database.work(_SEED) as work:
            now = await work.now()
        await hold_session(self._ask, specialist=specialist, client=client, now=now)

    async def _price(self, person: Inhabitant, sample: Sample) -> None:
        for rate in sample.rates:
            body = {
                "kind": rate.kind,
                "name": rate.name,
                "price": {"amount_minor": rate.price_minor, "currency": rate.currency},
                "duration_minutes": rate.minutes,
            }
            await self._ask(
                "POST", "/specialists/me/rates", person, body, or_code="RATE_KIND_TAKEN"
            )
        if not sample.offers:
            return
        listed = await self._ask("GET", "/specialists/me/rates", person)
        rates = {rate["kind"]: rate for rate in listed["items"]}
        for offer in sample.offers:
            rate = rates[offer.kind]
            await self._ask("POST", "/specialists/me/packages", person, _package(offer, rate))

    async def _ask(
        self,
        method: str,
        path: str,
        person: Inhabitant,
        body: Mapping[str, Any] | None = None,
        *,
        key: UUID | None = None,
        or_code: str | None = None,
    ) -> Any:
        """The answer's body. Raises `SeedRefused` for any refusal but `or_code`."""
        answer = await self.http.request(
            method,
            API + path,
            json=body,
            headers={"Authorization": f"Bearer {person.token}"}
            | ({"Idempotency-Key": str(key)} if key is not None else {}),
        )
        said = answer.json()
        if answer.is_success or said.get("code") == or_code:
            return said
        raise SeedRefused(f"{method} {path} for {person.name}: {answer.status_code} {said}")


def _page(sample: Sample) -> dict[str, Any]:
    return {
        "full_name": sample.name,
        "headline": sample.headline,
        "bio": sample.bio,
        "qualifications": sample.qualifications,
        "specialties": sample.specialties,
        "languages": sample.languages,
        "time_zone": sample.zone,
        "is_accepting": True,
        "auto_confirm": sample.is_auto_confirming,
        "cancellation_policy": sample.policy,
        "minimum_notice_minutes": sample.notice_minutes,
        "email": sample.email,
        "phone": sample.phone,
    }


def _rules(week: tuple[Hours, ...]) -> list[dict[str, Any]]:
    return [
        {
            "weekday": weekday,
            "starts_at": hours.starts_at,
            "ends_at": hours.ends_at,
            "slot_minutes": hours.slot_minutes,
            "buffer_minutes": hours.buffer_minutes,
            "max_bookings_per_day": hours.most_a_day,
        }
        for hours in week
        for weekday in _weekdays(hours.days)
    ]


def _weekdays(days: str) -> range:
    first, _, last = days.partition("-")
    return range(WEEKDAYS.index(first), WEEKDAYS.index(last or first) + 1)


def _package(offer: Offer, rate: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "name": offer.name,
        "rate_id": rate["id"],
        "session_count": offer.sessions,
        "price": {
            "amount_minor": offer.price_minor,
            "currency": rate["price"]["currency"],
        },
        "discount_percentage": offer.discount_percentage,
        "valid_for_days": offer.valid_for_days,
    }


def _exception(differs: Differs) -> dict[str, Any]:
    day = datetime.now(UTC).date() + timedelta(days=differs.in_days)
    return {
        "date": day.isoformat(),
        "is_available": differs.is_open,
        "starts_at": differs.starts_at,
        "ends_at": differs.ends_at,
        "reason": differs.reason,
    }
