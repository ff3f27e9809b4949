"""Rows of the wall's world about money: payments, their books, gateway accounts, saved methods."""

from collections.abc import Iterator

from tests.rls.law import Row
from tests.rls.making import BOOKINGS, VERIFIED, shared
from tests.rls.people import uid
from tests.rls.rows_of_sales import PURCHASES

_PARTIES = ("specialist_id", "client_id")


def payments() -> Iterator[Row]:
    for label, specialist, client, _ in BOOKINGS[:2]:
        yield shared(
            f"payment {label}",
            specialist,
            client,
            booking_id=uid(label),
            provider="sandbox",
            amount_minor=20000,
            currency="USD",
        )
    label, specialist, client, _ = PURCHASES[2]
    yield shared(
        f"payment {label}",
        specialist,
        client,
        purpose="package",
        package_purchase_id=uid(label),
        provider="sandbox",
        amount_minor=60000,
        currency="USD",
    )


def actions() -> Iterator[Row]:
    for payment in payments():
        yield Row(
            payment.label,
            {
                "payment_id": payment.values["id"],
                "next_action": '{"secret": 1}',
                **{name: payment.values[name] for name in _PARTIES},
            },
            client=payment.client,
        )


def disputes() -> Iterator[Row]:
    for payment in payments():
        assert payment.specialist is not None
        assert payment.client is not None
        yield shared(
            f"dispute of {payment.label}",
            payment.specialist,
            payment.client,
            payment_id=payment.values["id"],
            reference="du_1",
            state="won",
        )


def operations() -> Iterator[Row]:
    for payment in payments():
        yield Row(
            payment.label,
            {
                "id": uid(f"operation {payment.label}"),
                "payment_id": payment.values["id"],
                "kind": "authorize",
                "amount_minor": 20000,
            },
        )


def _about(payment: Row, label: str, **values: object) -> Row:
    """A row of the payment's parties that names it, and the one movement of its money."""
    assert payment.specialist is not None
    assert payment.client is not None
    return shared(
        f"{label} of {payment.label}",
        payment.specialist,
        payment.client,
        payment_id=payment.values["id"],
        transaction_id=uid(f"capture of {payment.label}"),
        currency="USD",
        **values,
    )


def ledger() -> Iterator[Row]:
    for payment in payments():
        for account, amount in (("gateway", 20000), ("specialist", -20000)):
            yield _about(
                payment, f"{account}'s side", kind="capture", account=account, amount_minor=amount
            )


def receipts() -> Iterator[Row]:
    for number, payment in enumerate(payments(), start=1):
        yield _about(
            payment,
            "receipt",
            number=number,
            kind="receipt",
            amount_minor=20000,
            details='{"client": "name"}',
        )


def counters() -> Iterator[Row]:
    for name in VERIFIED:
        yield Row(name, {"specialist_id": uid(name), "last_number": 3}, specialist=name)


def configs() -> Iterator[Row]:
    for name in VERIFIED:
        yield Row(
            f"account of {name}",
            {
                "id": uid(f"account of {name}"),
                "specialist_id": uid(name),
                "provider": "stripe",
                "account": f"account-of-{name:->8}",
                "is_live": False,
                "hints": '{"secret_key": "1234"}',
            },
            owner=name,
        )


def keys_of_configs() -> Iterator[Row]:
    for config in configs():
        yield Row(
            config.label,
            {
                "config_id": config.values["id"],
                "specialist_id": config.values["specialist_id"],
                "key_id": "k1",
                "wrapped_key": b"w" * 40,
                "sealed_keys": b"s" * 40,
            },
            owner=config.owner,
        )


def methods() -> Iterator[Row]:
    for label, specialist, client, _ in (*BOOKINGS[:2], BOOKINGS[5]):
        yield shared(
            f"card {label}",
            specialist,
            client,
            provider="sandbox",
            status="ready",
            method_reference=f"pm_{label}",
        )


def actions_of_methods() -> Iterator[Row]:
    for method in methods():
        yield Row(
            method.label,
            {
                "method_id": method.values["id"],
                "next_action": '{"secret": 1}',
                **{name: method.values[name] for name in _PARTIES},
            },
            specialist=method.specialist,
            client=method.client,
        )
