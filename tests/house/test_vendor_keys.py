"""A call to a vendor carries the key of its account: what several accounts share has none."""

import ast

import pytest

from tests.house.source import SOURCE, Tree, dotted, nodes, obey, whole_tree

_SHARED = frozenset({"api_key", "client_id", "api_base", "default_http_client"})
"""What the module of the SDK holds for everybody."""

_VERBS = frozenset(
    {"create", "retrieve", "modify", "list", "capture", "cancel", "confirm", "search", "delete"}
)
"""`stripe.PaymentIntent.create(…)` uses the module's own key; a client's services have theirs."""


def uses_of_shared_keys(source: Tree) -> list[str]:
    """Where the SDK's own key is set or read, or a call is made that would use it."""
    return [
        f"{name}:{node.lineno}: {ast.unparse(node)[:60]}"
        for name, node in nodes(source, SOURCE)
        if isinstance(node, ast.Attribute | ast.Call) and _is_shared(node)
    ]


def _is_shared(node: ast.Attribute | ast.Call) -> bool:
    words = dotted(node.func if isinstance(node, ast.Call) else node).split(".")
    if words[0] != "stripe":
        return False
    if isinstance(node, ast.Attribute):
        return len(words) == 2 and words[1] in _SHARED
    return len(words) > 2 and words[-1].removesuffix("_async") in _VERBS


def keyless_posts(source: Tree) -> list[str]:
    """Calls of the SDK that change something without our idempotency key beside them."""
    return [
        f"{name}:{node.lineno}: {ast.unparse(node)[:60]}"
        for name, node in nodes(source, SOURCE)
        if isinstance(node, ast.Call) and _changes(node) and not _has_key(node)
    ]


def _changes(call: ast.Call) -> bool:
    words = dotted(call.func).split(".")
    changing = _VERBS - {"retrieve", "list", "search"}
    return "v1" in words and words[-1].removesuffix("_async") in changing


def _has_key(call: ast.Call) -> bool:
    values = [*call.args, *(keyword.value for keyword in call.keywords)]
    return any(
        isinstance(value, ast.Call) and dotted(value.func).split(".")[-1] == "_with"
        for value in values
    )


def test_no_key_is_shared_by_accounts() -> None:
    obey(
        uses_of_shared_keys(whole_tree()),
        law="Every call carries the key of its own account, through a client of its own.",
        mend="use the adapter's client; the module of the SDK knows no key.",
    )


def test_every_change_at_a_vendor_has_our_key() -> None:
    obey(
        keyless_posts(whole_tree()),
        law="A change at a vendor carries the id of our operation as its idempotency key (D6).",
        mend="pass `_with(idempotency_key)` beside the parameters.",
    )


@pytest.mark.parametrize(
    "bad",
    [
        "stripe.api_key = key",
        "print(stripe.api_key)",
        "stripe.api_base = url",
        "stripe.PaymentIntent.create(amount=1)",
        "await stripe.Refund.create_async(amount=1)",
        "stripe.checkout.Session.create()",
    ],
)
def test_a_shared_key_is_found(bad: str) -> None:
    inside = f"async def act():\n    {bad}\n"
    assert uses_of_shared_keys({SOURCE + "providers/payments/stripe.py": inside})


@pytest.mark.parametrize(
    "good",
    [
        "stripe.StripeClient(key)",
        "self._client.v1.payment_intents.create_async(params, _with(key))",
        "error = stripe.StripeError()",
    ],
)
def test_a_client_of_its_own_is_no_shared_key(good: str) -> None:
    assert not uses_of_shared_keys({SOURCE + "providers/payments/stripe.py": good})
    assert not keyless_posts({SOURCE + "providers/payments/stripe.py": good})


@pytest.mark.parametrize(
    "bad",
    [
        "self._client.v1.payment_intents.create_async(params)",
        "client.v1.refunds.create(params, options)",
    ],
)
def test_a_change_without_a_key_is_found(bad: str) -> None:
    assert keyless_posts({SOURCE + "providers/payments/stripe.py": bad})
