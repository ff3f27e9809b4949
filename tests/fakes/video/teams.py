"""Microsoft Graph as its documentation has it: createOrGet by an external id, no lobby in it."""

from urllib.parse import parse_qs

from tests.fakes.vendor.shell import Answer, Ask, Refused
from tests.fakes.video.office import Json, Office

_CREATE = {"externalId", "startDateTime", "endDateTime", "subject", "participants", "chatInfo"}
_CHANGE = {
    *("startDateTime", "endDateTime", "subject", "lobbyBypassSettings", "allowedPresenters"),
    "recordAutomatically",
}


def refused(status: int, code: str) -> Refused:
    return Refused({"error": {"code": code, "message": code, "innerError": {}}}, status)


def token(office: Office, ask: Ask) -> Answer:
    form = {name: values[0] for name, values in parse_qs(ask.body.decode()).items()}
    if form.get("scope") != "https://graph.microsoft.com/.default":
        raise Refused({"error": "invalid_scope"}, 400)
    if (form.get("client_id"), form.get("client_secret")) != (office.name, office.secret):
        raise Refused({"error": "invalid_client", "error_codes": [7000215]}, 401)
    return Answer(office.issue())


def answer(office: Office, ask: Ask) -> Answer:
    if not office.lets_in(ask):
        raise refused(401, "InvalidAuthenticationToken")
    if not office.may_manage:
        raise refused(403, "Forbidden")
    match (ask.method, ask.path.removeprefix("/v1.0").strip("/").split("/")):
        case ("POST", ["users", host, "onlineMeetings", "createOrGet"]):
            _ensure_host(office, host)
            return _created(office, ask.json())
        case ("GET", ["users", host, "onlineMeetings"]):
            _ensure_host(office, host)
            if not ask.param("$filter"):
                raise refused(400, "BadRequest")
            return Answer({"value": []})
        case (method, ["users", _, "onlineMeetings", number]):
            if number not in office.meetings:
                raise refused(404, "NotFound")
            return _one(office, method, number, ask)
    raise refused(404, "ResourceNotFound")


def _ensure_host(office: Office, host: str) -> None:
    if host not in office.hosts:
        raise refused(404, "UserNotFound")


def _created(office: Office, body: Json) -> Answer:
    if set(body) - _CREATE or not body.get("externalId"):
        raise refused(400, "BadRequest")
    for known in office.meetings.values():
        if known["externalId"] == body["externalId"]:
            return Answer(known)
    number = f"MSo{office.number()}"
    office.meetings[number] = {
        **body,
        "id": number,
        "joinWebUrl": f"https://teams.microsoft.com/l/meetup-join/{number}",
        "joinMeetingIdSettings": {"joinMeetingId": "1", "passcode": f"pass{number[-4:]}"},
    }
    return Answer(office.meetings[number], 201)


def _one(office: Office, method: str, number: str, ask: Ask) -> Answer:
    if method == "DELETE":
        del office.meetings[number]
        return Answer(None, 204)
    if method == "PATCH":
        if set(ask.json()) - _CHANGE:
            raise refused(400, "BadRequest")
        office.meetings[number] |= ask.json()
    return Answer(office.meetings[number])
