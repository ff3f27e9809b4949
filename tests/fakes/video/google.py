"""Google Calendar as its documentation has it: ids of the caller's choice that are used up for
ever, conferences that come a little later, and grants that can be revoked.
"""

import re
from urllib.parse import parse_qs

from tests.fakes.stripe.clock import Clock
from tests.fakes.vendor.shell import Answer, Ask, Refused
from tests.fakes.video.office import Json, Office

_ID = re.compile(r"[a-v0-9]{5,1024}")


class GoogleOffice(Office):
    def __init__(self, clock: Clock, *, name: str, secret: str, hosts: set[str]) -> None:
        super().__init__(clock, name=name, secret=secret, hosts=hosts)
        self.refresh_token = "google-refresh-token-of-hers"
        self.following_refresh_token: str | None = None
        """Handed out with the next token, and then the only one that is good."""
        self.is_granted = True
        self.looks_until_ready = 0
        """How often a new event is looked at before its conference is there."""
        self.is_slow_down = False


def refused(status: int, reason: str) -> Refused:
    content = {"error": {"code": status, "message": reason, "errors": [{"reason": reason}]}}
    return Refused(content, status)


def token(office: GoogleOffice, ask: Ask) -> Answer:
    form = {name: values[0] for name, values in parse_qs(ask.body.decode()).items()}
    if (form.get("client_id"), form.get("client_secret")) != (office.name, office.secret):
        raise Refused({"error": "invalid_client"}, 401)
    if not office.is_granted or form.get("refresh_token") != office.refresh_token:
        raise Refused({"error": "invalid_grant", "error_description": "Token was revoked."}, 400)
    issued = office.issue()
    if office.following_refresh_token:
        office.refresh_token = office.following_refresh_token
        office.following_refresh_token = None
        issued["refresh_token"] = office.refresh_token
    return Answer(issued)


def answer(office: GoogleOffice, ask: Ask) -> Answer:
    if not office.lets_in(ask):
        raise refused(401, "authError")
    if office.is_slow_down:
        raise refused(403, "rateLimitExceeded")
    if not office.may_manage:
        raise refused(403, "insufficientPermissions")
    match (ask.method, ask.path.removeprefix("/calendar/v3").strip("/").split("/")):
        case (_, ["calendars", host, "events", *_]) if host not in office.hosts:
            raise refused(404, "notFound")
        case ("POST", ["calendars", _, "events"]):
            return Answer(_inserted(office, ask))
        case ("GET", ["calendars", _, "events"]):
            return Answer({"items": []})
        case (method, ["calendars", _, "events", event_id]):
            if event_id not in office.meetings:
                raise refused(404, "notFound")
            return _one(office, method, office.meetings[event_id], ask)
    raise refused(404, "notFound")


def _inserted(office: GoogleOffice, ask: Ask) -> Json:
    body = ask.json()
    if not _ID.fullmatch(body.get("id", "")) or ask.param("sendUpdates") != "none":
        raise refused(400, "invalid")
    if body["id"] in office.meetings:
        raise refused(409, "duplicate")
    office.number()
    event: Json = {**body, "status": "confirmed", "looks": office.looks_until_ready}
    office.meetings[body["id"]] = event
    return _shown(event)


def _one(office: GoogleOffice, method: str, event: Json, ask: Ask) -> Answer:
    if method == "DELETE":
        if event["status"] == "cancelled":
            raise refused(410, "deleted")
        event["status"] = "cancelled"
        return Answer(None, 204)
    if method == "PATCH":
        event |= ask.json()
    return Answer(_shown(event))


def _shown(event: Json) -> Json:
    """The conference is pending until it has been looked at often enough."""
    is_ready = event["looks"] <= 0
    event["looks"] -= 1
    request = {**event["conferenceData"]["createRequest"]}
    request["status"] = {"statusCode": "success" if is_ready else "pending"}
    link = {"hangoutLink": f"https://meet.google.com/{event['id'][-10:]}"} if is_ready else {}
    return {**event, "conferenceData": {"createRequest": request}, **link}
