"""The circuit, its token cache, and when a vendor wants to be asked again; on a clock by hand."""

import asyncio
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from uuid import UUID

import pytest

from consulta.providers.video import connections as module
from consulta.providers.video.circuit import FAILURES_MAX, Circuit
from consulta.providers.video.connections import Connections, VideoReach
from consulta.providers.video.keys import StaticLink
from consulta.providers.video.port import CircuitOpen, VideoRefused, VideoUnavailable
from consulta.providers.video.tokens import Token, Tokens
from consulta.providers.video.vendor_http import retry_after


class ByHand:
    def __init__(self) -> None:
        self.at = 1_000.0

    def __call__(self) -> float:
        return self.at


async def _fails(circuit: Circuit, error: Exception) -> type[Exception]:
    with pytest.raises(type(error)) as failed:
        async with circuit.passing():
            raise error
    return type(failed.value)


async def test_a_rest_ends_with_one_call_that_decides() -> None:
    clock = ByHand()
    circuit = Circuit(clock)
    for _ in range(FAILURES_MAX):
        await _fails(circuit, VideoUnavailable())
    clock.at += 29
    with pytest.raises(CircuitOpen):
        async with circuit.passing():
            pytest.fail("it rests")
    clock.at += 2
    async with circuit.passing():
        with pytest.raises(CircuitOpen):
            async with circuit.passing():
                pytest.fail("one goes ahead")
    async with circuit.passing():
        pass

    for _ in range(FAILURES_MAX):
        await _fails(circuit, VideoUnavailable())
    clock.at += 31
    await _fails(circuit, VideoUnavailable())  # The probe fails: twice the rest.
    clock.at += 31
    with pytest.raises(CircuitOpen):
        async with circuit.passing():
            pytest.fail("it rests longer")
    clock.at += 30
    await _fails(circuit, VideoRefused())  # A no is an answer, too.
    async with circuit.passing():
        pass


async def test_a_token_lives_55_minutes_of_its_hour() -> None:
    clock, asked = ByHand(), [0]

    async def ask() -> Token:
        asked[0] += 1
        await asyncio.sleep(0)
        return Token(f"t{asked[0]}", 3_600)

    tokens = Tokens(ask, clock=clock)
    assert set(await asyncio.gather(*(tokens.token() for _ in range(5)))) == {"t1"}
    clock.at += 3_299
    assert await tokens.token() == "t1"
    clock.at += 2
    assert await tokens.token() == "t2"
    tokens.forget("t1")  # Somebody who is late.
    assert await tokens.token() == "t2"
    tokens.forget("t2")
    assert await tokens.token() == "t3"


def test_a_pause_is_told_in_seconds_or_as_a_date_and_is_bounded() -> None:
    later = format_datetime(datetime.now(UTC) + timedelta(seconds=90), usegmt=True)
    assert retry_after({"retry-after": "7"}) == 7
    assert 80 < (retry_after({"retry-after": later}) or 0) <= 90
    assert retry_after({"retry-after": "-5"}) == 0
    assert retry_after({"retry-after": "999999"}) == 3_600
    for odd in ("", "soon", "inf", "nan"):
        assert retry_after({"retry-after": odd} if odd else {}) is None


async def test_an_adapter_is_kept_until_its_keys_change() -> None:
    connections = Connections(VideoReach())

    async def renew(_: str) -> None:
        pytest.fail("a link is not renewed")

    first, second = StaticLink("https://a.example/1"), StaticLink("https://a.example/2")
    config = UUID(int=1)
    async with connections.lent(config, first, renew=renew) as one:
        pass
    async with connections.lent(config, first, renew=renew) as same:
        assert same is one
        async with connections.lent(config, second, renew=renew) as other:
            assert other is not one
    for number in range(module.CONNECTIONS_MAX):
        async with connections.lent(UUID(int=number + 2), first, renew=renew):
            pass
    async with connections.lent(config, second, renew=renew) as anew:
        assert anew is not other
    await connections.close()
