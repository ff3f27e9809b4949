"""The good requests about outgoing webhooks, and about live events."""

from collections.abc import Mapping

from tests.surface.ask import Ask, Of
from tests.surface.town import Town

_HOOK = {
    "url": "https://93.184.215.14/hooks",
    "description": "Our own books",
    "topics": ["booking.confirmed"],
}


def _of(owner: str) -> Mapping[str, Of]:
    return {"endpoint_id": lambda town: town.hooks[owner]["endpoint"]}


def _delivery(owner: str) -> Mapping[str, Of]:
    return {**_of(owner), "delivery_id": lambda town: town.hooks[owner]["delivery"]}


def _since(town: Town) -> object:
    return {"since": town.confirmed["starts_at"]}


def _asks(path: str, *, who: str, owner: str) -> Mapping[str, Ask]:
    one = f"{path}/{{endpoint_id}}"
    return {
        f"GET {path}": Ask(who),
        f"POST {path}": Ask(who, body=lambda _: dict(_HOOK)),
        f"GET {one}": Ask(who, _of(owner)),
        f"PATCH {one}": Ask(who, _of(owner), lambda _: {**_HOOK, "is_active": True}),
        f"DELETE {one}": Ask(who, _of(owner), spends=True),
        f"POST {one}/secret/rotate": Ask(who, _of(owner), lambda _: {"overlap_hours": 24}),
        f"POST {one}/test": Ask(who, _of(owner)),
        f"GET {one}/deliveries": Ask(who, _of(owner)),
        f"POST {one}/deliveries/{{delivery_id}}/replay": Ask(who, _delivery(owner), spends=True),
        f"POST {one}/replay": Ask(who, _of(owner), _since),
    }


ASKS_ABOUT_SUBSCRIBERS: Mapping[str, Ask] = {
    "GET /api/v1/events": Ask("client"),
    **_asks("/api/v1/specialists/me/webhook-endpoints", who="specialist", owner="sarah"),
    **_asks("/api/v1/admin/webhook-endpoints", who="admin", owner="house"),
}
