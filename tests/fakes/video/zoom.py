"""Zoom as its documentation has it: no idempotency, a number for each meeting, 3001 for none."""

import base64
import re
from typing import Any
from urllib.parse import parse_qs

from tests.fakes.vendor.shell import Answer, Ask, Refused
from tests.fakes.video.office import Json, Office

FIELDS = {
    *("topic", "type", "start_time", "duration", "timezone", "agenda", "password", "settings"),
}
_PASSWORD = re.compile(r"[A-Za-z0-9@_*-]{1,10}")


def refused(status: int, code: int, message: str) -> Refused:
    return Refused({"code": code, "message": message}, status)


def token(office: Office, ask: Ask) -> Answer:
    form = {name: values[0] for name, values in parse_qs(ask.body.decode()).items()}
    basic = base64.b64encode(f"{office.name}:{office.secret}".encode()).decode()
    is_known = ask.headers.get("authorization") == f"Basic {basic}"
    if form.get("grant_type") != "account_credentials" or form.get("account_id") != "zoom-account":
        raise Refused({"reason": "Bad Request", "error": "invalid_request"}, 400)
    if not is_known:
        raise Refused({"reason": "Invalid client_id or client_secret", "error": "invalid_client"})
    return Answer(office.issue())


def answer(office: Office, ask: Ask) -> Answer:
    if not office.lets_in(ask):
        raise refused(401, 124, "Invalid access token.")
    if not office.may_manage:
        raise refused(400, 4711, "Invalid access token, does not contain scopes.")
    match (ask.method, ask.path.removeprefix("/v2").strip("/").split("/")):
        case ("POST", ["users", host, "meetings"]):
            return Answer(_made(office, host, ask.json()), 201)
        case ("GET", ["users", host, "meetings"]):
            return Answer(_page(office, host, ask))
        case (method, ["meetings", number]):
            if number not in office.meetings:
                raise refused(404, 3001, f"Meeting does not exist: {number}.")
            return _one(office, method, number, ask)
    raise refused(404, 300, "The API endpoint is not recognized.")


def _made(office: Office, host: str, body: Json) -> Json:
    if host not in office.hosts:
        raise refused(404, 1001, f"User does not exist: {host}.")
    _ensure_valid(body)
    number = office.number()
    meeting = {
        **body,
        "id": number,
        "host": host,
        "join_url": f"https://us02web.zoom.us/j/{number}?pwd=secret{number}",
        "start_url": f"https://us02web.zoom.us/s/{number}?zak=whoever-has-this-is-the-host",
    }
    office.meetings[str(number)] = meeting
    return meeting


def _one(office: Office, method: str, number: str, ask: Ask) -> Answer:
    if method == "DELETE":
        del office.meetings[number]
        return Answer(None, 204)
    if method == "PATCH":
        body = ask.json()
        _ensure_valid(body)
        office.meetings[number] |= body
        return Answer(None, 204)
    return Answer(office.meetings[number])


def _page(office: Office, host: str, ask: Ask) -> Json:
    """Two to a page at most, so that whoever looks has to turn it."""
    if host not in office.hosts:
        raise refused(404, 1001, f"User does not exist: {host}.")
    own = [one for one in office.meetings.values() if one["host"] == host]
    first = int(ask.param("next_page_token", "0"))
    size = min(int(ask.param("page_size", "30")), 2)
    following = str(first + size) if first + size < len(own) else ""
    shown = [
        {name: one[name] for name in ("id", "topic", "start_time", "agenda") if name in one}
        for one in own[first : first + size]
    ]
    return {"page_size": size, "next_page_token": following, "meetings": shown}


def _ensure_valid(body: Any) -> None:
    odd = set(body) - FIELDS
    if odd or not isinstance(body.get("duration"), int) or len(body.get("topic", "")) > 200:
        raise refused(400, 300, "Validation Failed.")
    if "password" in body and not _PASSWORD.fullmatch(body["password"]):
        raise refused(400, 300, "Validation Failed.")
