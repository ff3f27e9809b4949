"""Plain HTTP with a vendor: what is a yes, what a no, and that everything else is doubt."""

import asyncio
import gzip
import logging
import time
from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Any

import pytest

from consulta.providers.bounded_http import BODY_BYTES_MAX
from consulta.providers.payments.port import ProviderUnavailable
from consulta.providers.payments.vendor_http import VendorHttp, read
from tests.providers.scripted_server import Answer, Script, running_script

DEEP = b"[" * 100_000
HUGE = b'{"text": "' + b"x" * BODY_BYTES_MAX + b'"}'


@pytest.fixture
async def script() -> AsyncIterator[Script]:
    async with running_script() as running:
        yield running


@pytest.fixture
async def http(script: Script) -> AsyncIterator[VendorHttp]:
    vendor = VendorHttp(
        "Vendor", f"{script.url}/v1", timeout_seconds=0.5, auth=("key-of-ours", "secret-of-ours")
    )
    yield vendor
    await vendor.close()


@pytest.mark.parametrize("status", [200, 201, 400, 404, 422])
async def test_a_yes_and_a_definite_no_are_told(
    script: Script, http: VendorHttp, status: int
) -> None:
    script.will_answer(Answer({"amount": 1}, status=status))
    reply = await http.ask("POST", "/orders", params=[("a[]", "b c")], content=b'{"x":1}')
    assert (reply.status, reply.content, reply.is_refusal) == (status, {"amount": 1}, status >= 400)
    head, _, body = script.requests[0].partition("\r\n\r\n")
    assert head.startswith("POST /v1/orders?a%5B%5D=b+c HTTP/1.1")
    assert "accept-encoding: identity" in head.lower()
    assert body == '{"x":1}'


@pytest.mark.parametrize(
    "answer",
    [
        Answer(b"<html>maintenance</html>", headers={"content-type": "text/html"}),
        Answer(b""),
        Answer(b"\xff\xfe"),
        Answer(b'{"amount": NaN}'),
        Answer(b"9" * 5_000),
        Answer(DEEP),
        Answer(HUGE),
        Answer(gzip.compress(b"{}"), headers={"content-encoding": "gzip"}),
        Answer({}, status=302, headers={"location": "http://127.0.0.1:9/"}),
        Answer({}, after_seconds=2),
        Answer(hangs_up=True),
        *[Answer({}, status=status) for status in (401, 403, 408, 409, 425, 429, 500, 502, 503)],
    ],
)
async def test_everything_else_is_doubt(script: Script, http: VendorHttp, answer: Answer) -> None:
    script.will_answer(answer)
    begun = time.monotonic()
    with pytest.raises(ProviderUnavailable) as raised:
        await http.ask("GET", "/orders")
    assert raised.value.__suppress_context__ or raised.value.__context__ is None
    assert "secret-of-ours" not in repr(raised.value)
    assert time.monotonic() - begun < 1.5
    assert len(script.requests) == 1


@pytest.mark.parametrize(
    ("header", "seconds"),
    [("7", 7.0), ("999999", 3600.0), ("soon", None), ("-1", None), ("inf", None), (None, None)],
)
async def test_the_vendors_wish_for_peace_is_told(
    script: Script, http: VendorHttp, header: str | None, seconds: float | None
) -> None:
    script.will_answer(Answer({}, status=429, headers={"retry-after": header} if header else {}))
    with pytest.raises(ProviderUnavailable) as raised:
        await http.ask("GET", "/orders")
    assert raised.value.retry_after_seconds == seconds


async def test_an_answer_that_drips_does_not_last_longer() -> None:
    async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n")
        try:
            for _ in range(100):
                writer.write(b" ")
                await writer.drain()
                await asyncio.sleep(0.05)
        except ConnectionError:
            pass  # The client has had enough.
        finally:
            writer.close()

    server = await asyncio.start_server(drip, "127.0.0.1", 0)
    host, port = server.sockets[0].getsockname()[:2]
    vendor = VendorHttp("Vendor", f"http://{host}:{port}", timeout_seconds=0.3)
    begun = time.monotonic()
    with pytest.raises(ProviderUnavailable):
        await vendor.ask("GET", "/")
    assert time.monotonic() - begun < 1
    await vendor.close()
    server.close()


async def test_nobody_there_is_doubt() -> None:
    vendor = VendorHttp("Vendor", "http://127.0.0.1:9", timeout_seconds=0.5)
    with pytest.raises(ProviderUnavailable):
        await vendor.ask("GET", "/")
    await vendor.close()


async def test_a_refused_key_is_logged_without_it(
    script: Script, http: VendorHttp, caplog: pytest.LogCaptureFixture
) -> None:
    script.will_answer(Answer({"error": "no such key: key-of-ours"}, status=401))
    with caplog.at_level(logging.ERROR), pytest.raises(ProviderUnavailable):
        await http.ask("GET", "/orders")
    assert "Vendor refused our credentials" in caplog.text
    assert "key-of-ours" not in caplog.text


async def test_numbers_with_a_point_are_never_floats(script: Script, http: VendorHttp) -> None:
    script.will_answer(Answer(b'{"amount": 46.170, "whole": 5}'))
    content = (await http.ask("GET", "/")).content
    assert (content["amount"], type(content["amount"])) == (Decimal("46.170"), Decimal)
    assert type(content["whole"]) is int


@pytest.mark.parametrize("nonsense", [None, [], {}, {"a": "b"}, 7, "text"])
def test_a_reading_that_stumbles_is_doubt(nonsense: Any) -> None:
    assert read(lambda answer: answer["a"]["b"], {"a": {"b": 1}}) == 1
    with pytest.raises(ProviderUnavailable):
        read(lambda answer: answer["a"]["b"], nonsense)
