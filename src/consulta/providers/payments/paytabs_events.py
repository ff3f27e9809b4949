"""PayTabs' signed letters, reduced to ids, states and amounts; and the return from its page."""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from consulta.providers.payments.letters import opaque, plain
from consulta.providers.payments.paytabs_translation import (
    Transaction,
    reference_of,
    transaction_from,
)
from consulta.providers.payments.port import PayersReturn, ProviderEvent, SignatureRejected
from consulta.providers.payments.returns import read_form
from consulta.providers.payments.signatures import (
    is_signed,
    read_json_object,
    verify_plain_signature,
)

SIGNATURE_HEADER = "Signature"
_PROFILE_FIELDS = ("profile_id", "profileId")
_RETURN_FIELDS = frozenset(
    {"acquirerMessage", "acquirerRRN", "cartId", "customerEmail", "respCode", "respMessage",
     "respStatus", "token", "tranRef"}
)  # fmt: skip


def read_letter(
    body: bytes, headers: Mapping[str, str], *, server_keys: Sequence[str], profile_id: int
) -> ProviderEvent:
    """The event in our words, without personal data. PayTabs' letters have neither id nor time: a
    transaction in a state is told once, and copies of a letter are the same event.

    Raises `SignatureRejected` for what was signed with none of the server keys or is no
    transaction.
    """
    verify_plain_signature(body, headers, header_name=SIGNATURE_HEADER, secrets=server_keys)
    letter = read_json_object(body)
    told = _transaction(letter)
    kind = f"{told.kind}.{told.status}"
    profiles = {str(letter[name]) for name in _PROFILE_FIELDS if name in letter}
    return ProviderEvent(
        id=f"{told.reference}.{kind}",
        kind=kind,
        charge_reference=_charge_reference(told),
        payment_id=told.cart_id,
        livemode=not told.reference.startswith("TST"),
        is_ours=profiles <= {str(profile_id)},
        created_at=told.at,
        body=dict(told.raw) | plain(letter, _PROFILE_FIELDS),
    )


def is_payers_return(form: bytes, *, server_key: str) -> bool:
    """Whether the payer's browser brings the fields that PayTabs' page gave it (a form post or a
    query, as it came). What others added to the address is left out. True is no proof of money:
    the charge has to be read.
    """
    try:
        fields = read_form(form)
    except SignatureRejected:
        return False
    signature = fields.pop("signature", "")
    told = {name: value for name, value in fields.items() if name in _RETURN_FIELDS and value}
    # PHP writes a form a little otherwise: a tilde is escaped.
    message = urlencode(sorted(told.items())).replace("~", "%7E")
    return is_signed(message.encode(), signature, secrets=(server_key,))


def read_return(form: bytes, *, server_keys: Sequence[str]) -> PayersReturn:
    """The payment whose payer comes from our page: the cart is among what was signed. Raises
    `SignatureRejected` for anything else.
    """
    if not any(is_payers_return(form, server_key=key) for key in server_keys):
        raise SignatureRejected
    cart_id = opaque(read_form(form).get("cartId"))
    if cart_id is None:
        raise SignatureRejected("The form names no payment.")
    return PayersReturn(charge_reference=cart_id, payment_id=cart_id)


def _transaction(letter: Mapping[str, Any]) -> Transaction:
    try:
        told = transaction_from(letter)
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError):
        raise SignatureRejected("The message is not a transaction.") from None
    if told.status is None or opaque(told.kind) is None:
        raise SignatureRejected("The message is not a transaction.")
    return told


def _charge_reference(told: Transaction) -> str:
    # A capture or a refund tells the amount of a part: the charge is then named by its cart alone.
    is_whole = told.kind in {"auth", "sale"}
    return reference_of(told.cart_id, told.amount) if is_whole else told.cart_id
