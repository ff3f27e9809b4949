"""The proof's own tools: a client that is patient but not for ever, and a sample that leaves out
nothing that matters.
"""

from collections.abc import Callable

import httpx
import pytest

from tests.crash.killer import Event
from tests.crash.patience import MOST_TRIES, PatientTransport
from tests.crash.proof import Outcome, Point, points_of, sample, swallowed_commits

BEGIN = Event(1, "sql", "BEGIN; SELECT set_config('app.user_id', 'anna', true)", "begin")
INSERT = Event(2, "sql", "INSERT INTO letters VALUES ($1)", "statement")
COMMIT = Event(3, "sql", "COMMIT", "commit")
CALL = Event(4, "provider", "payment_intents.create", "call")
READ = Event(5, "sql", "SELECT 1", "statement")
TRACE = [BEGIN, INSERT, COMMIT, CALL, READ]

Answer = Callable[[httpx.Request], httpx.Response]


async def ask(*answers: Answer) -> tuple[httpx.Response, list[float], list[str]]:
    """The last answer, the waits, and the keys that were sent; the last answer repeats itself."""
    waits: list[float] = []
    keys: list[str] = []

    async def wait(seconds: float) -> None:
        waits.append(seconds)

    def told(request: httpx.Request) -> httpx.Response:
        keys.append(request.headers["idempotency-key"])
        return answers[min(len(keys), len(answers)) - 1](request)

    transport = PatientTransport(wait=wait, wire=httpx.MockTransport(told))
    async with httpx.AsyncClient(transport=transport, base_url="http://consulta.test") as http:
        answer = await http.post("/bookings", headers={"Idempotency-Key": "book"}, json={})
    return answer, waits, keys


def broken(request: httpx.Request) -> httpx.Response:
    raise httpx.ReadError("gone", request=request)


def status(code: int, *, said: str = "", after: int | None = None) -> Answer:
    headers = {} if after is None else {"Retry-After": str(after)}
    return lambda _request: httpx.Response(code, json={"code": said}, headers=headers)


async def test_what_broke_or_was_put_off_is_asked_again_under_the_same_key() -> None:
    answer, waits, keys = await ask(
        broken, status(503), status(409, said="IDEMPOTENCY_IN_PROGRESS", after=30), status(201)
    )

    assert (answer.status_code, waits, keys) == (201, [1.0, 2.0, 30.0], ["book"] * 4)


@pytest.mark.parametrize("code", [201, 404, 422])
async def test_an_answer_for_good_is_taken(code: int) -> None:
    answer, waits, _ = await ask(status(code))

    assert (answer.status_code, waits) == (code, [])


async def test_a_slot_that_is_taken_is_not_asked_for_again() -> None:
    answer, waits, _ = await ask(status(409, said="SLOT_TAKEN"))

    assert (answer.status_code, waits) == (409, [])


async def test_patience_ends() -> None:
    answer, _, keys = await ask(status(503))

    assert (answer.status_code, len(keys)) == (503, MOST_TRIES)
    with pytest.raises(httpx.ReadError):
        await ask(broken)


def test_points_lie_before_and_after_everything() -> None:
    assert [(one.event, one.phase) for one in points_of(TRACE)] == [
        (event, phase) for event in TRACE for phase in ("before", "after")
    ]
    assert swallowed_commits(TRACE) == [Point(COMMIT, "after", "cut")]


@pytest.mark.parametrize(("most", "size"), [(0, 4), (4, 4), (6, 6), (7, 7), (100, 10)])
def test_a_sample_has_every_commit_and_every_call(most: int, size: int) -> None:
    points = points_of(TRACE)
    chosen = sample(points, most=most)

    assert len(chosen) == size
    assert chosen == sorted(chosen, key=points.index)
    assert {one.event.kind for one in chosen} >= {"commit", "call"}
    assert [one for one in points if one.event in (COMMIT, CALL) and one not in chosen] == []


def test_a_mishap_counts_only_where_it_was_meant_to_happen() -> None:
    ben = Event(1, "sql", "BEGIN; SELECT set_config('app.user_id', 'ben', true)", "begin")
    point = Point(BEGIN, "before")

    assert Outcome(point, ben, [], 0.1).is_held
    assert not Outcome(point, ben, ["two intents"], 0.1).is_held
    assert not Outcome(point, None, [], 0.1).is_held
    assert not Outcome(point, INSERT, [], 0.1).is_held
    assert Outcome(None, None, [], 0.1).is_held
