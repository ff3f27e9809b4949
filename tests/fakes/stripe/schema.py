"""What each operation accepts: names from the SDK's annotations, and the checks Stripe makes."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import stripe.params
from stripe._request_options import RequestOptions

from tests.fakes.stripe.refusals import Json, invalid, missing, unknown

OPTIONS = frozenset(RequestOptions.__annotations__)
RANGE = ("gt", "gte", "lt", "lte")
MOST_METADATA = (50, 40, 500)  # keys, characters of a key, characters of a value

INTEGER_FIELDS = {
    "amount": 1,
    "amount_to_capture": 1,
    "amount_to_confirm": 1,
    "application_fee_amount": 0,
    "created": 0,
    "limit": 1,
}
BOOLEAN_FIELDS = frozenset(
    {
        "confirm",
        "delivery_success",
        "error_on_requires_action",
        "final_capture",
        "refund_application_fee",
        "reverse_transfer",
        "submit",
        "use_stripe_sdk",
    }
)
LIST_FIELDS = frozenset({"expand", "types", "allowed_payment_method_types"})
NESTED: Mapping[str, tuple[str, ...]] = {
    "automatic_payment_methods": ("enabled", "allow_redirects"),
    "created": RANGE,
    "transfer_data": ("destination", "amount"),
}
CHOICES: Mapping[str, tuple[str, ...]] = {
    "capture_method": ("automatic", "automatic_async", "manual"),
    "confirmation_method": ("automatic", "manual"),
    "setup_future_usage": ("off_session", "on_session"),
    "usage": ("off_session", "on_session"),
}


@dataclass(frozen=True, slots=True)
class Schema:
    names: frozenset[str]
    required: tuple[str, ...] = ()
    choices: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def read(self, raw: Json) -> Json:
        """The parameters with their types. Refuses what Stripe refuses, before anything begins."""
        if "payment_method_types" in raw and "payment_method_types" not in self.names:
            raise invalid(
                "The payment_method_types parameter is no longer supported. Use "
                "allowed_payment_method_types or automatic_payment_methods instead.",
                code="payment_method_types_no_longer_supported",
                param="payment_method_types",
            )
        for name in raw:
            if name not in self.names:
                raise unknown(name)
        for name in self.required:
            if name not in raw:
                raise missing(name)
        return {name: self._typed(name, value) for name, value in raw.items()}

    def _typed(self, name: str, value: Any) -> Any:
        if name == "metadata":
            return _metadata(value)
        if name in LIST_FIELDS:
            return _texts(name, value)
        if name in NESTED and isinstance(value, dict):
            return _nested(name, value)
        if name in INTEGER_FIELDS:
            return integer(value, param=name, least=INTEGER_FIELDS[name])
        if name in BOOLEAN_FIELDS:
            return boolean(value, param=name)
        if value == "" and name in self.required:
            raise _empty(name)
        choices = {**CHOICES, **self.choices}.get(name)
        if choices is not None and value != "":
            return _chosen(name, value, choices)
        return value


def schema(
    params_class: str | None,
    *,
    required: tuple[str, ...] = (),
    choices: Mapping[str, tuple[str, ...]] | None = None,
    names: tuple[str, ...] = (),
) -> Schema:
    """A schema with the names that the installed SDK can send, so that both follow one version."""
    known = set(names)
    if params_class is not None:
        known |= set(getattr(stripe.params, params_class).__annotations__) - OPTIONS
    return Schema(frozenset(known), required, choices or {})


def integer(value: Any, *, param: str, least: int = 0) -> int:
    if value == "":
        raise _empty(param)
    digits = value[1:] if isinstance(value, str) and value.startswith("-") else value
    if not (isinstance(digits, str) and digits.isascii() and digits.isdecimal()):
        raise invalid(f"Invalid integer: {value}", code="parameter_invalid_integer", param=param)
    if len(digits) > 15 or int(value) < least:
        raise invalid(
            f"This value must be greater than or equal to {least}.",
            code="parameter_invalid_integer",
            param=param,
        )
    return int(value)


def boolean(value: Any, *, param: str) -> bool:
    if value not in ("true", "false"):
        raise invalid(f"Invalid boolean: {value}", param=param)
    return bool(value == "true")


def _empty(param: str) -> Exception:
    return invalid(
        f"You passed an empty string for '{param}'. We assume empty values are an attempt to "
        f"unset a parameter; however '{param}' cannot be unset. You should remove '{param}' from "
        "your request or supply a non-empty value.",
        code="parameter_invalid_empty",
        param=param,
    )


def _chosen(name: str, value: Any, choices: tuple[str, ...]) -> str:
    if value not in choices:
        listed = ", ".join(choices[:-1]) + f", or {choices[-1]}"
        raise invalid(f"Invalid {name}: must be one of {listed}", param=name)
    return str(value)


def _texts(name: str, value: Any) -> list[str]:
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise invalid("Invalid array", param=name)
    return value


READERS: Mapping[str, Callable[..., Any]] = {
    "enabled": boolean,
    "amount": integer,
    **dict.fromkeys(RANGE, integer),
}


def _nested(name: str, value: Json) -> Json:
    answer: Json = {}
    for inner, text in value.items():
        param = f"{name}[{inner}]"
        if inner not in NESTED[name]:
            raise unknown(param)
        if inner == "allow_redirects":
            answer[inner] = _chosen(param, text, ("always", "never"))
        else:
            reader = READERS.get(inner)
            answer[inner] = reader(text, param=param) if reader else text
    return answer


def merged(metadata: dict[str, str], changes: dict[str, str] | None) -> dict[str, str]:
    """The metadata after an update: an empty value unsets its key, nothing unsets them all."""
    if changes is None:
        return {}
    return {name: text for name, text in {**metadata, **changes}.items() if text != ""}


def _metadata(value: Any) -> dict[str, str] | None:
    if value == "":
        return None
    if not isinstance(value, dict) or not all(isinstance(v, str) for v in value.values()):
        raise invalid("Invalid hash", param="metadata")
    most_keys, key_length, value_length = MOST_METADATA
    if len(value) > most_keys:
        raise invalid(f"Metadata can have up to {most_keys} keys.", param="metadata")
    for name, text in value.items():
        if len(name) > key_length or len(text) > value_length:
            raise invalid(
                f"Metadata keys can be up to {key_length} characters long, and values up to "
                f"{value_length}.",
                param="metadata",
            )
    return value
