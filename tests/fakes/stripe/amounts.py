"""Amounts and currencies: which Stripe takes, and its least charge in each."""

from tests.fakes.stripe.refusals import Refused, invalid

MOST_MINOR = 99_999_999
ZERO_DECIMAL = frozenset(
    [
        "bif",
        "clp",
        "djf",
        "gnf",
        "jpy",
        "kmf",
        "krw",
        "mga",
        "pyg",
        "rwf",
        "vnd",
        "vuv",
        "xaf",
        "xof",
        "xpf",
    ]
)
THREE_DECIMAL = frozenset({"bhd", "jod", "kwd", "omr", "tnd"})
TWO_DECIMAL = frozenset(
    [
        "aed",
        "ars",
        "aud",
        "bgn",
        "brl",
        "cad",
        "chf",
        "cny",
        "cop",
        "crc",
        "czk",
        "dkk",
        "dop",
        "egp",
        "eur",
        "gbp",
        "gel",
        "ghs",
        "gtq",
        "hkd",
        "huf",
        "idr",
        "ils",
        "inr",
        "isk",
        "kes",
        "lkr",
        "mad",
        "mxn",
        "myr",
        "ngn",
        "nok",
        "nzd",
        "pab",
        "pen",
        "php",
        "pkr",
        "pln",
        "qar",
        "ron",
        "rsd",
        "sar",
        "sek",
        "sgd",
        "thb",
        "try",
        "twd",
        "uah",
        "ugx",
        "usd",
        "uyu",
        "zar",
    ]
)
LEAST_MINOR = {
    "aed": 200,
    "aud": 50,
    "brl": 50,
    "cad": 50,
    "chf": 50,
    "czk": 1500,
    "dkk": 250,
    "eur": 50,
    "gbp": 30,
    "hkd": 400,
    "huf": 17500,
    "inr": 50,
    "jpy": 50,
    "mxn": 1000,
    "myr": 200,
    "nok": 300,
    "nzd": 50,
    "pln": 200,
    "ron": 200,
    "sek": 300,
    "sgd": 50,
    "thb": 1000,
    "usd": 50,
}


def checked_currency(text: str) -> str:
    currency = text.lower()
    if currency not in ZERO_DECIMAL | TWO_DECIMAL | THREE_DECIMAL:
        raise invalid(f"Invalid currency: {text}.", param="currency")
    return currency


def check_amount(amount: int, *, currency: str) -> None:
    """Nothing happens for an amount that can be charged; the minor unit is Stripe's own."""
    if amount < LEAST_MINOR.get(currency, 1):
        least = in_words(LEAST_MINOR[currency], currency=currency)
        raise invalid(f"Amount must be at least {least}", code="amount_too_small", param="amount")
    if amount > MOST_MINOR:
        most = in_words(MOST_MINOR, currency=currency)
        raise invalid(
            f"Amount must be no more than {most}", code="amount_too_large", param="amount"
        )
    if currency in THREE_DECIMAL and amount % 10:
        raise invalid(
            f"Invalid integer: {amount}. Amounts in {currency} must be evenly divisible by 10.",
            code="parameter_invalid_integer",
            param="amount",
        )


def in_words(amount: int, *, currency: str) -> str:
    digits = 0 if currency in ZERO_DECIMAL else 3 if currency in THREE_DECIMAL else 2
    whole, rest = divmod(amount, 10**digits)
    return f"{whole}.{rest:0{digits}d} {currency}" if digits else f"{whole} {currency}"


def too_large(message: str, *, param: str) -> Refused:
    return Refused(
        400,
        kind="invalid_request_error",
        message=message,
        code="amount_too_large",
        param=param,
    )
