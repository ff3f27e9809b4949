"""The events of an account, as the API lists them for thirty days."""

from fnmatch import fnmatchcase

from tests.fakes.stripe.desk import Desk
from tests.fakes.stripe.paging import page
from tests.fakes.stripe.refusals import Json, invalid, no_such

KEPT_SECONDS = 30 * 24 * 3600
MOST_TYPES = 20


def retrieve(desk: Desk, params: Json, *, event_id: str) -> Json:
    event = desk.book.find("event", event_id)
    if not _is_kept(desk, event):
        raise no_such("event", event_id)
    return event


def list_all(desk: Desk, params: Json) -> Json:
    """Filtered by `type` (which may end with a star), `types`, and `delivery_success`."""
    if "type" in params and "types" in params:
        raise invalid("You may only specify one of these parameters: type, types.")
    patterns = params.get("types") or [params.get("type", "*")]
    if len(patterns) > MOST_TYPES:
        raise invalid(f"You may list up to {MOST_TYPES} types.", param="types")
    success = params.get("delivery_success")

    def fits(event: Json) -> bool:
        return (
            _is_kept(desk, event)
            and any(fnmatchcase(event["type"], pattern) for pattern in patterns)
            and success in (None, event["pending_webhooks"] == 0)
        )

    return page(desk.book, "event", params, url="/v1/events", where=fits)


def _is_kept(desk: Desk, event: Json) -> bool:
    return bool(event["created"] > desk.now - KEPT_SECONDS)
