"""Redaction: by the name and by the looks, to any depth, and not more than that."""

import time

import pytest

from consulta.platform.redaction import REMOVED, clean, clean_text, is_secret_name

SECRETS = [
    "sk_live_example51example",
    "sk_test_example51example",
    "rk_live_example51example",
    "whsec_example+/example=",
    "pi_3Mabc_secret_xyz123",
    "seti_1Mabc_secret_xyz123",
    "eyJhbGciOiJub25lIn0.e30.c2ln",
    "4242424242424242",
    "4242 4242 4242 4242",
    "5555-5555-5555-4444",
    "378282246310005",
]


@pytest.mark.parametrize("secret", SECRETS)
@pytest.mark.parametrize(
    "sentence",
    ["{}", "it said {} twice", '{{"a": "{}"}}', "a,{},b", "https://example.org/?a={}&b=1"],
)
def test_what_looks_like_a_secret_is_removed_wherever_it_stands(secret: str, sentence: str) -> None:
    cleaned = clean_text(sentence.format(secret))
    assert secret not in cleaned
    assert REMOVED in cleaned


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("postgresql://anna:hunter2@db/app", f"postgresql://{REMOVED}@db/app"),
        (
            "postgresql+asyncpg://a:p%40ss@10.0.0.1:5432/x",
            f"postgresql+asyncpg://{REMOVED}@10.0.0.1:5432/x",
        ),
        ("https://key@sentry.example.org/1", f"https://{REMOVED}@sentry.example.org/1"),
        ("Authorization: Bearer abcdef123456", f"Authorization: Bearer {REMOVED}"),
        ("password=hunter2, next", f"password={REMOVED}, next"),
        ("client_secret: 'a b c'", f"client_secret: {REMOVED}"),
        ("write to anna.smith@example.com", "write to a***@example.com"),
        ("DETAIL:  Key (email)=(x) exists.", f"DETAIL: {REMOVED}"),
        ("[SQL: select] [parameters: ('Anna',)]", f"[SQL: select] [parameters: {REMOVED}]"),
        ("input_value='Anna', input_type=str", f"input_value={REMOVED}, input_type=str"),
    ],
)
def test_what_is_quoted_is_removed_and_the_rest_stays(text: str, expected: str) -> None:
    assert clean_text(text) == expected


@pytest.mark.parametrize(
    "harmless",
    [
        "a booking was confirmed at 2026-11-20T12:00:00.123456+00:00",
        "7b0e5a52-6c1f-4b87-9d1e-0f6f3c1e2a44",
        "4242424242424241",  # the wrong check digit
        "bookings.expire_unpaid: 12 done, 3 skipped",
        "GET /api/v1/specialists?limit=20",
        "https://example.org/path",
        "RuntimeError",
        "",
    ],
)
def test_what_is_harmless_is_left_alone(harmless: str) -> None:
    assert clean_text(harmless) == harmless


@pytest.mark.parametrize(
    "name",
    [
        "password",
        "new_password",
        "newPassword",
        "PASSWORD",
        "authorization",
        "Stripe-Signature",
        "x-api-key",
        "apiKey",
        "apikey",
        "client_secret",
        "clientSecret",
        "refresh_token",
        "card",
        "card_number",
        "cardNumber",
        "cvc",
        "sentry_dsn",
        "set-cookie",
        "encryption_keys",
        "userpassword",
    ],
)
def test_names_of_secrets_are_known(name: str) -> None:
    assert is_secret_name(name)


@pytest.mark.parametrize(
    "name",
    [
        "cardinality",
        "keyboard",
        "monkey",
        "discarded",
        "status",
        "specialist_id",
        "opinion",
        "span",
    ],
)
def test_names_that_only_sound_alike_are_not(name: str) -> None:
    assert not is_secret_name(name)


def test_secrets_are_found_at_any_depth() -> None:
    event = {
        "outer": [{"deep": {"password": "hunter2", "ok": "fine"}}, ("sk_live_abcdefgh",)],
        "token": {"anything": "at all"},
        "card_number": 4242424242424242,
        "number": 4242424242424242,
        "bytes": b"hunter2",
        "count": 3,
        "is_secret": True,
        "missing_token": None,
        "ratio": 0.5,
        "anna@example.com": 1,
    }
    assert clean(event) == {
        "outer": [{"deep": {"password": REMOVED, "ok": "fine"}}, [REMOVED]],
        "token": REMOVED,
        "card_number": REMOVED,
        "number": REMOVED,
        "bytes": "[7 bytes]",
        "count": 3,
        "is_secret": True,
        "missing_token": None,
        "ratio": 0.5,
        "a***@example.com": 1,
    }


def test_depth_length_and_number_are_bounded() -> None:
    endless: list[object] = []
    endless.append(endless)
    assert REMOVED in str(clean(endless))
    assert len(clean_text("a" * 1_000_000)) < 20_000
    assert len(clean(list(range(10_000)))) == 200


@pytest.mark.parametrize("hard", ["a" * 16_000, "a@" * 8_000, "1 " * 8_000, "a." * 8_000 + "@"])
def test_awkward_texts_are_cleaned_quickly(hard: str) -> None:
    """A pattern that backtracks would take minutes here, and stop the event loop meanwhile."""
    begun = time.perf_counter()
    for _ in range(3):
        clean_text(hard + "@")
    assert time.perf_counter() - begun < 10
