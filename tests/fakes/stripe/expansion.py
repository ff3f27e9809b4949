"""`expand[]`: ids replaced by the objects they name, in a copy of the answer."""

import copy
from typing import Any

from tests.fakes.stripe.book import Book
from tests.fakes.stripe.refusals import Json, invalid

MOST_LEVELS = 4

EXPANDABLE: dict[str, dict[str, str]] = {
    "payment_intent": {
        "latest_charge": "charge",
        "payment_method": "payment_method",
        "customer": "customer",
    },
    "charge": {"payment_intent": "payment_intent", "customer": "customer", "refunds": "refund"},
    "refund": {"charge": "charge", "payment_intent": "payment_intent"},
    "dispute": {"charge": "charge", "payment_intent": "payment_intent"},
    "setup_intent": {"payment_method": "payment_method", "customer": "customer"},
    "payment_method": {"customer": "customer"},
}


def check(kind: str, paths: list[str], *, of_list: bool) -> None:
    """Refuses a path that leads nowhere, before anything has begun."""
    for path in paths:
        steps = path.split(".")
        if len(steps) > MOST_LEVELS:
            raise invalid(
                f"You cannot expand more than {MOST_LEVELS} levels of a property.", param="expand"
            )
        at, in_list = kind, of_list
        for step in steps:
            if in_list and step == "data":
                in_list = False
                continue
            target = None if in_list else EXPANDABLE.get(at, {}).get(step)
            if target is None:
                raise invalid(f"This property cannot be expanded ({path}).", param="expand")
            at, in_list = target, step == "refunds"


def expanded(book: Book, answer: Json, paths: list[str]) -> Json:
    """A copy of the answer with the paths, which `check` has passed, filled in."""
    answer = copy.deepcopy(answer)
    for path in paths:
        _walk(book, answer, path.split("."))
    return answer


def _walk(book: Book, thing: Json, steps: list[str]) -> None:
    step, rest = steps[0], steps[1:]
    if thing["object"] == "list":
        for item in thing["data"] if rest else ():
            _walk(book, item, rest)
        return
    thing[step] = _filled(book, thing, step)
    if rest and thing[step] is not None:
        _walk(book, thing[step], rest)


def _filled(book: Book, thing: Json, step: str) -> Any:
    if step == "refunds":
        return refunds_of(book, thing)
    value = thing[step]
    if not isinstance(value, str):
        return value
    found = book.look_up(EXPANDABLE[thing["object"]][step], value)
    # A customer may have been deleted since; Stripe then shows the stump.
    return copy.deepcopy(found) or {"id": value, "object": step, "deleted": True}


def refunds_of(book: Book, charge: Json) -> Json:
    """The ten newest refunds of a charge, as the list that Stripe embeds on request."""
    data = list(book.all("refund", lambda refund: refund["charge"] == charge["id"]))[::-1]
    return {
        "object": "list",
        "url": f"/v1/charges/{charge['id']}/refunds",
        "has_more": len(data) > 10,
        "data": copy.deepcopy(data[:10]),
    }
