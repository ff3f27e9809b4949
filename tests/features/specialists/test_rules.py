"""Cancellation policies: the named ones, and tiers of one's own."""

import pytest

from consulta.features.specialists.rules import Tier, is_descending, tiers_of


@pytest.mark.parametrize(
    ("policy", "tiers"),
    [
        ("standard", (Tier(24, 100), Tier(2, 50))),
        ("flexible", (Tier(2, 100),)),
        ("strict", (Tier(48, 100), Tier(24, 50))),
        ("no_refund", ()),
    ],
)
def test_a_named_policy_has_its_tiers(policy: str, tiers: tuple[Tier, ...]) -> None:
    assert tiers_of(policy, None) == tiers


@pytest.mark.parametrize("policy", ["standard", "no_refund", "custom"])
def test_stored_tiers_are_those_in_force_from_the_longest_notice_down(policy: str) -> None:
    stored = [{"hours_before": 1, "refund_percent": 5}, {"hours_before": 12, "refund_percent": 80}]
    assert tiers_of(policy, stored) == (Tier(12, 80), Tier(1, 5))
    assert tiers_of(policy, []) == ()


def test_custom_without_tiers_has_none() -> None:
    assert tiers_of("custom", None) == ()


@pytest.mark.parametrize(
    ("hours", "is_fine"), [([24, 2], True), ([24], True), ([2, 24], False), ([2, 2], False)]
)
def test_tiers_run_from_the_longest_notice_down(hours: list[int], is_fine: bool) -> None:
    assert is_descending([Tier(one, 50) for one in hours]) is is_fine
