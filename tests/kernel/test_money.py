"""Money: whole minor units that always add up."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consulta.kernel.money import Money, exponent_of

AMOUNTS = st.integers(min_value=0, max_value=10**12)


@given(amount=AMOUNTS, percent=st.integers(0, 100))
def test_a_split_adds_up_to_the_minor_unit(amount: int, percent: int) -> None:
    whole = Money(amount, "EUR")
    part, rest = whole.split(percent)
    assert part + rest == whole
    assert 0 <= part.amount_minor <= amount
    assert abs(part.amount_minor * 100 - amount * percent) <= 50


@pytest.mark.parametrize(
    ("money", "text"),
    [
        (Money(20000, "USD"), "200.00 USD"),
        (Money(5, "USD"), "0.05 USD"),
        (Money(-105, "EUR"), "-1.05 EUR"),
        (Money(1500, "JPY"), "1500 JPY"),
        (Money(1234567, "BHD"), "1234.567 BHD"),
    ],
)
def test_money_is_written_with_the_places_of_its_currency(money: Money, text: str) -> None:
    assert str(money) == text


@pytest.mark.parametrize(("currency", "places"), [("JPY", 0), ("USD", 2), ("KWD", 3)])
def test_currencies_have_their_own_exponent(currency: str, places: int) -> None:
    assert exponent_of(currency) == places


def test_currencies_never_mix() -> None:
    with pytest.raises(ValueError, match="do not add up"):
        Money(1, "EUR") + Money(1, "USD")
    with pytest.raises(ValueError, match="do not add up"):
        Money(1, "EUR") - Money(1, "USD")


@pytest.mark.parametrize("currency", ["usd", "US", "ÜSD", "", "DOLLAR"])
def test_a_currency_is_three_capital_letters(currency: str) -> None:
    with pytest.raises(ValueError, match="three capital letters"):
        Money(1, currency)


@pytest.mark.parametrize("percent", [-1, 101])
def test_a_share_is_a_percentage(percent: int) -> None:
    with pytest.raises(ValueError, match="between 0 and 100"):
        Money(1, "EUR").share(percent)


def test_nothing_is_false_and_something_is_true() -> None:
    assert not Money.zero("EUR")
    assert Money(1, "EUR")
