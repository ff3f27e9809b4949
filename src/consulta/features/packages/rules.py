"""Arithmetic of packages: what a session of one costs, and what its unused rest is worth."""

from consulta.kernel.money import Money

PAYMENT_WINDOW_MINUTES = 30
"""How long a purchase waits for its payment online; by hand it waits two weeks."""

MOST_ACTIVE = 100
"""Packages that a specialist may offer at once."""


def list_price(price: Money, *, discount_percentage: int) -> Money | None:
    """What the sessions would cost without the discount, rounded half up to the minor unit; None
    where everything is given away, since nothing tells from how much.
    """
    rest = 100 - discount_percentage
    if rest == 0:
        return None
    return Money(_half_up(price.amount_minor * 100, rest), price.currency)


def price_per_session(price: Money, *, session_count: int) -> Money:
    """What the buyer pays for one session of the package, rounded half up to the minor unit."""
    return Money(_half_up(price.amount_minor, session_count), price.currency)


def refund_due(
    price: Money, *, session_count: int, unused: int, credits_refunded: int, kept: Money
) -> Money:
    """What so many unused credits are worth: the price of a session each. The last credit of all
    takes the rest of the rounding, so that refunding everything returns exactly what was paid.

    `kept` is what is still here of the money, and is never exceeded.
    """
    after = _worth(price, session_count=session_count, count=credits_refunded + unused)
    before = _worth(price, session_count=session_count, count=credits_refunded)
    return Money(max(0, min(after - before, kept.amount_minor)), price.currency)


def _worth(price: Money, *, session_count: int, count: int) -> int:
    if count >= session_count:
        return price.amount_minor
    each = price_per_session(price, session_count=session_count).amount_minor
    return min(each * count, price.amount_minor)


def _half_up(part: int, whole: int) -> int:
    return (2 * part + whole) // (2 * whole)
