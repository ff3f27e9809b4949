"""The API document with real things in it: where it says "an id", a generator finds ids that exist,
so that most requests get past the first 404.
"""

import copy
from collections.abc import Iterator, Mapping
from typing import Any
from uuid import uuid4

from tests.surface.town import PASSWORD, Town

Values = Mapping[str, list[Any]]


def believable(document: Any, town: Town) -> Any:
    """A copy of `document` in which parameters and fields of request bodies are what the town has
    under their name.
    """
    made = copy.deepcopy(document)
    values = values_of(town)
    for operation in _operations(made):
        for parameter in operation.get("parameters", ()):
            _offer(parameter, "schema", values.get(parameter["name"]))
    for name in _request_bodies(made):
        properties = made["components"]["schemas"][name].get("properties", {})
        for field in properties:
            _offer(properties, field, values.get(field))
    return made


def values_of(town: Town) -> Values:
    """What may stand under that name, one value that nobody has included."""
    stranger = str(uuid4())
    rates = [*town.sarah.rates.values(), *town.omar.rates.values()]
    jobs = town.world.app.state.jobs.all
    starts = [town.next_start(town.omar).isoformat() for _ in range(4)]
    bookings = [town.pending, town.awaiting, town.confirmed]
    ids: dict[str, list[Any]] = {
        "specialist_id": [town.sarah.id, town.omar.id],
        "client_id": [town.anna.id, town.ben.id],
        "user_id": [town.ben.id, town.omar.id, town.ada.id],
        "rate_id": rates,
        "booking_id": [booking["id"] for booking in bookings],
        "exclude_booking": [booking["id"] for booking in bookings],
        "payment_id": [booking["payment"]["id"] for booking in bookings],
        "hold_id": [town.hold["id"]],
        "coupon_id": [town.coupon["id"]],
        "exception_id": [town.exception["id"]],
        "note_id": [town.note["id"]],
        "form_id": [town.form["id"]],
        "endpoint_id": [hook["endpoint"] for hook in town.hooks.values()],
        "delivery_id": [hook["delivery"] for hook in town.hooks.values()],
    }
    words: dict[str, list[Any]] = {
        "url": ["https://93.184.215.14/hooks", "https://10.0.0.1/hooks"],
        "starts_at": [*starts, town.pending["starts_at"]],
        "hold_token": [town.hold["hold_token"]],
        "coupon_code": [town.coupon["code"], "NO-SUCH-CODE"],
        "X-Hold-Token": [town.hold["hold_token"]],
        "payment_method": ["pm_sandbox_visa", "pm_sandbox_declined", "pm_sandbox_3ds"],
        "email": [town.account["user"]["email"], f"new.{stranger}@example.org"],
        "password": [PASSWORD, "another sentence that is long"],
        "refresh_token": [town.account["refresh_token"]],
        "time_zone": ["UTC", "Asia/Dubai", "Australia/Lord_Howe"],
        "job": [name for job in jobs for name in (job.name, job.cron_name) if name],
        "from": [town.sarah.today.isoformat()],
        "available_on": [town.sarah.today.isoformat()],
    }
    return words | {name: [*map(str, known), stranger] for name, known in ids.items()}


def _offer(holder: Any, name: str, values: list[Any] | None) -> None:
    if values:
        holder[name] = {"enum": values}


def _operations(document: Any) -> Iterator[Any]:
    for item in document["paths"].values():
        yield from item.values()


def _request_bodies(document: Any) -> set[str]:
    """Names of the schemas that are sent as they are. Clocks of a week are no instants."""
    found = set()
    for operation in _operations(document):
        for content in operation.get("requestBody", {}).get("content", {}).values():
            schema = content["schema"]
            for choice in (schema, *schema.get("anyOf", ())):
                if "$ref" in choice:
                    found.add(choice["$ref"].rpartition("/")[2])
    return found - {"ExceptionCreate"}
