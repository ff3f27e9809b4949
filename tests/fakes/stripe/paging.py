"""Lists as Stripe pages them: newest first, cursors by id, `created` filters."""

from collections.abc import Callable

from tests.fakes.stripe.book import NOUNS, Book
from tests.fakes.stripe.refusals import Json, invalid, no_such

COMPARISONS: dict[str, Callable[[int, int], bool]] = {
    "gt": lambda created, bound: created > bound,
    "gte": lambda created, bound: created >= bound,
    "lt": lambda created, bound: created < bound,
    "lte": lambda created, bound: created <= bound,
}


def page(
    book: Book, kind: str, params: Json, *, url: str, where: Callable[[Json], bool] | None = None
) -> Json:
    """One page of at most `limit` objects; `has_more` tells whether another follows."""
    limit = params.get("limit", 10)
    if limit > 100:
        raise invalid(
            f"This value must be less than or equal to 100 (it currently is '{limit}').",
            code="parameter_invalid_integer",
            param="limit",
        )
    things = [t for t in book.all(kind, where) if _created_fits(t, params.get("created"))]
    things.reverse()
    if "starting_after" in params:
        things = things[_position(things, book, kind, params, "starting_after") + 1 :]
    if "ending_before" in params:
        # Walking back, the page is the one nearest to the cursor.
        things = things[: _position(things, book, kind, params, "ending_before")]
        data, has_more = things[-limit:], len(things) > limit
    else:
        data, has_more = things[:limit], len(things) > limit
    return {"object": "list", "url": url, "has_more": has_more, "data": data}


def _created_fits(thing: Json, wanted: object) -> bool:
    if wanted is None:
        return True
    created: int = thing["created"]
    if isinstance(wanted, int):
        return created == wanted
    if not isinstance(wanted, dict):
        raise invalid("Invalid created: must be a timestamp or a hash", param="created")
    return all(COMPARISONS[name](created, bound) for name, bound in wanted.items())


def _position(things: list[Json], book: Book, kind: str, params: Json, cursor: str) -> int:
    wanted = params[cursor]
    for index, thing in enumerate(things):
        if thing["id"] == wanted:
            return index
    if book.look_up(kind, wanted) is None:
        raise no_such(NOUNS.get(kind, kind), wanted, param=cursor, in_path=False)
    raise invalid(f"{cursor} is not part of this list", param=cursor)
