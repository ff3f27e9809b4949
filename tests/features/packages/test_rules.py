"""What a session of a package costs, and what its unused rest is worth: tables and properties."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consulta.features.packages import rules
from consulta.kernel.money import Money

PRICES = st.builds(Money, st.integers(0, 10_000_000_000), st.sampled_from(["USD", "JPY", "BHD"]))
COUNTS = st.integers(1, 500)


@pytest.mark.parametrize(
    ("price", "discount", "expected"),
    [
        (Money(8_000, "USD"), 20, Money(10_000, "USD")),
        (Money(80, "JPY"), 20, Money(100, "JPY")),
        (Money(80_000, "BHD"), 20, Money(100_000, "BHD")),
        (Money(8_000, "USD"), 0, Money(8_000, "USD")),
        (Money(0, "USD"), 20, Money(0, "USD")),
        (Money(100, "USD"), 30, Money(143, "USD")),  # 142.857…
        (Money(1, "JPY"), 60, Money(3, "JPY")),  # 2.5: half up
        (Money(1, "USD"), 99, Money(100, "USD")),
        (Money(0, "USD"), 100, None),
    ],
)
def test_the_list_price_is_the_price_without_the_discount(
    price: Money, discount: int, expected: Money | None
) -> None:
    assert rules.list_price(price, discount_percentage=discount) == expected


@pytest.mark.parametrize(
    ("price", "count", "expected"),
    [
        (Money(8_000, "USD"), 4, 2_000),
        (Money(80, "JPY"), 4, 20),
        (Money(80_000, "BHD"), 4, 20_000),
        (Money(200, "USD"), 3, 67),  # 66.67
        (Money(100, "USD"), 3, 33),
        (Money(5, "JPY"), 10, 1),  # 0.5: half up
        (Money(0, "USD"), 3, 0),
        (Money(7, "USD"), 1, 7),
    ],
)
def test_the_price_of_a_session(price: Money, count: int, expected: int) -> None:
    assert rules.price_per_session(price, session_count=count).amount_minor == expected


@pytest.mark.parametrize(
    ("unused", "already", "kept", "expected"),
    [
        (1, 0, 200, 67),
        (2, 0, 200, 134),
        (3, 0, 200, 200),
        (1, 2, 66, 66),  # the last one of all takes the rest
        (2, 1, 133, 133),
        (0, 0, 200, 0),
        (3, 0, 50, 50),  # the rest went back at the provider's own desk
        (3, 0, 0, 0),
    ],
)
def test_what_unused_credits_are_worth(unused: int, already: int, kept: int, expected: int) -> None:
    found = rules.refund_due(
        Money(200, "USD"),
        session_count=3,
        unused=unused,
        credits_refunded=already,
        kept=Money(kept, "USD"),
    )
    assert found == Money(expected, "USD")


@given(price=PRICES, count=COUNTS, data=st.data())
def test_in_however_many_steps_everything_goes_back_and_no_more(
    price: Money, count: int, data: st.DataObject
) -> None:
    refunded, kept = 0, price
    while refunded < count:
        unused = data.draw(st.integers(1, count - refunded))
        due = rules.refund_due(
            price, session_count=count, unused=unused, credits_refunded=refunded, kept=kept
        )
        assert 0 <= due.amount_minor <= kept.amount_minor
        refunded, kept = refunded + unused, kept - due
    assert kept == Money.zero(price.currency)


@given(price=PRICES, discount=st.integers(0, 99))
def test_the_discount_leads_back_from_the_list_price(price: Money, discount: int) -> None:
    whole = rules.list_price(price, discount_percentage=discount)
    assert whole is not None
    # Rounding moved the list price by half a unit at most, and so its share.
    assert abs(whole.amount_minor * (100 - discount) - price.amount_minor * 100) * 2 <= 100
