"""Decisions about keys: tables."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from consulta.features.payment_configs.errors import (
    PaymentConfigNotFound,
    PaymentKeysMixed,
    PaymentKeysOfOtherMode,
)
from consulta.features.payment_configs.rules import (
    FORMER_LASTS,
    MOST_FORMER,
    SEALED,
    Offered,
    are_live,
    ensure_mode,
    place_of,
    row_for,
    signing,
    still_accepted,
    succeeded_by,
)

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
STRIPE = Offered(
    "stripe",
    False,
    publishable_key="pk_test_1",
    secrets={"secret_key": "sk_test_1234", "webhook_secret": "whsec_abcd"},
)
PAYTABS = Offered(
    "paytabs",
    False,
    profile={"profile_id": 7, "region": "ARE"},
    secrets={"server_key": "SKEY-9876"},
)


def row(name: str, **more: Any) -> dict[str, Any]:
    plain = {"id": name, "is_live": False, "is_active": True, "publishable_key": None, "hints": {}}
    return plain | more


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        (["sk_live_1", "pk_live_1"], True),
        (["rk_live_1"], True),
        (["rzp_live_1"], True),
        (["sk_test_1", "pk_test_1"], False),
        (["sk_test_a_live_b"], False),
    ],
)
def test_keys_say_whether_they_are_live(keys: list[str], expected: bool) -> None:
    assert are_live(*keys) is expected


@pytest.mark.parametrize(
    "keys", [["sk_live_1", "pk_test_1"], ["sk_test_1", "pk_live_1"], ["sk_1"], ["sk_test_1", "pk"]]
)
def test_keys_that_do_not_belong_together_are_refused(keys: list[str]) -> None:
    with pytest.raises(PaymentKeysMixed) as refused:
        are_live(*keys)
    assert not any(key in str(refused.value) for key in keys)


def test_live_and_test_money_never_meet() -> None:
    ensure_mode(STRIPE, takes_live=False)
    with pytest.raises(PaymentKeysOfOtherMode):
        ensure_mode(STRIPE, takes_live=True)


def test_only_the_ends_of_secrets_are_hints() -> None:
    assert STRIPE.hints == {"secret_key": "1234", "webhook_secret": "abcd"}
    assert PAYTABS.hints == {"profile_id": 7, "region": "ARE", "server_key": "9876"}
    assert "1234" not in repr(STRIPE)


def test_the_public_part_tells_whose_the_keys_are() -> None:
    mine, other = row("a", publishable_key="pk_test_1"), row("b", publishable_key="pk_test_2")
    assert row_for([other, mine], STRIPE, is_same_account=None) is mine
    assert row_for([other], STRIPE, is_same_account=None) is None
    assert row_for([{**mine, "is_live": True}], STRIPE, is_same_account=None) is None
    past = row("c", publishable_key="pk_test_1", is_active=False)
    assert row_for([past, mine], STRIPE, is_same_account=None) is mine
    assert row_for([past], STRIPE, is_same_account=None) is past


def test_a_profile_tells_where_there_is_no_public_key() -> None:
    mine = row("a", hints={"profile_id": 7, "region": "ARE"})
    assert row_for([mine], PAYTABS, is_same_account=None) is mine
    elsewhere = row("b", hints={"profile_id": 7, "region": "SAU"})
    assert row_for([elsewhere], PAYTABS, is_same_account=None) is None


def test_whoever_brings_the_keys_may_say_whose_they_are() -> None:
    other = row("b", publishable_key="pk_test_2")
    mine = row("a", publishable_key="pk_test_1")
    assert row_for([other], STRIPE, is_same_account=True) is other
    assert row_for([mine], STRIPE, is_same_account=False) is None
    for none in ([], [{**other, "is_active": False}], [{**other, "is_live": True}]):
        with pytest.raises(PaymentConfigNotFound):
            row_for(none, STRIPE, is_same_account=True)


def test_keys_are_bound_to_every_word_about_their_row() -> None:
    places = {
        place_of(config_id=config, specialist_id=owner, provider=provider, is_live=live)
        for config in (UUID(int=1), UUID(int=2))
        for owner in (UUID(int=3), UUID(int=4))
        for provider in ("stripe", "razorpay")
        for live in (True, False)
    }
    assert len(places) == 16
    row = {
        "config_id": UUID(int=1),
        "specialist_id": UUID(int=3),
        "provider": "stripe",
        "is_live": True,
    }
    assert SEALED.place(row) == place_of(**row)  # type: ignore[arg-type]


def until(hours: float, secret: str) -> dict[str, str]:
    return {"secret": secret, "until": (NOW + timedelta(hours=hours)).isoformat()}


def test_former_secrets_run_out() -> None:
    former = [until(-1, "gone"), until(0, "just gone"), until(1, "a"), until(3, "c"), until(2, "b")]
    assert [one["secret"] for one in still_accepted(former, now=NOW)] == ["c", "b", "a"]
    many = [until(hour, f"s{hour}") for hour in range(1, 9)]
    assert len(still_accepted(many, now=NOW)) == MOST_FORMER


def test_a_replaced_secret_is_kept_for_a_day() -> None:
    content = {"secrets": {"webhook_secret": "old"}, "former": [until(1, "older")]}
    kept = succeeded_by(content, {"webhook_secret": "new"}, now=NOW)
    assert kept == [
        {"secret": "old", "until": (NOW + FORMER_LASTS).isoformat()},
        until(1, "older"),
    ]


def test_the_same_secret_is_not_its_own_past() -> None:
    content = {"secrets": {"webhook_secret": "same"}, "former": [until(1, "older")]}
    assert succeeded_by(content, {"webhook_secret": "same"}, now=NOW) == [until(1, "older")]
    back = succeeded_by(content, {"webhook_secret": "older"}, now=NOW)
    assert [one["secret"] for one in back] == ["same"]


def test_a_key_that_signs_letters_is_followed_like_a_secret_of_its_own() -> None:
    content: dict[str, Any] = {"secrets": {"server_key": "old"}, "former": []}
    (kept,) = succeeded_by(content, {"server_key": "new"}, now=NOW)
    assert kept["secret"] == "old"
    content["secrets"] |= {"webhook_secret": "letters"}
    assert signing(content["secrets"]) == "letters"
