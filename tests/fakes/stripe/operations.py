"""The operations of the API: method, path, what each accepts, and who carries it out."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from tests.fakes.stripe import (
    accounts,
    attempts,
    captures,
    charges,
    customers,
    disputes,
    events,
    intents,
    methods,
    refunds,
    setups,
)
from tests.fakes.stripe.refusals import Json, unrecognized_url
from tests.fakes.stripe.schema import Schema, schema

CANCELLATION_REASONS = ("duplicate", "fraudulent", "requested_by_customer", "abandoned")


@dataclass(frozen=True, slots=True)
class Operation:
    """`name` is what crash harnesses and logs call it: `payment_intents.capture`."""

    name: str
    method: str
    pattern: re.Pattern[str]
    handler: Callable[..., Json]
    schema: Schema

    @property
    def kind(self) -> str:
        """The object that is answered with: `payment_intent`."""
        return self.name.split(".")[-2].removesuffix("s")


def _operation(name: str, route: str, handler: Callable[..., Json], accepted: Schema) -> Operation:
    method, path = route.split(" ")
    pattern = re.sub(r"\{(\w+)\}", r"(?P<\1>[A-Za-z0-9_]{1,128})", path)
    return Operation(name, method, re.compile(f"/v1/{pattern}"), handler, accepted)


_PI, _SETI = "payment_intents/{intent_id}", "setup_intents/{intent_id}"
_PM, _CUS = "payment_methods/{method_id}", "customers/{customer_id}"

OPERATIONS: tuple[Operation, ...] = (
    _operation(
        "payment_intents.create",
        "POST payment_intents",
        intents.create,
        schema("PaymentIntentCreateParams", required=("amount", "currency")),
    ),
    _operation(
        "payment_intents.list",
        "GET payment_intents",
        intents.list_all,
        schema("PaymentIntentListParams"),
    ),
    _operation(
        "payment_intents.retrieve",
        f"GET {_PI}",
        intents.retrieve,
        schema("PaymentIntentRetrieveParams"),
    ),
    _operation(
        "payment_intents.update", f"POST {_PI}", intents.update, schema("PaymentIntentUpdateParams")
    ),
    _operation(
        "payment_intents.confirm",
        f"POST {_PI}/confirm",
        attempts.confirm,
        schema("PaymentIntentConfirmParams"),
    ),
    _operation(
        "payment_intents.capture",
        f"POST {_PI}/capture",
        captures.capture,
        schema("PaymentIntentCaptureParams"),
    ),
    _operation(
        "payment_intents.cancel",
        f"POST {_PI}/cancel",
        captures.cancel,
        schema("PaymentIntentCancelParams", choices={"cancellation_reason": CANCELLATION_REASONS}),
    ),
    _operation("charges.list", "GET charges", charges.list_all, schema("ChargeListParams")),
    _operation(
        "charges.retrieve",
        "GET charges/{charge_id}",
        charges.retrieve,
        schema("ChargeRetrieveParams"),
    ),
    _operation(
        "charges.update",
        "POST charges/{charge_id}",
        charges.update,
        schema(None, names=("description", "expand", "metadata", "receipt_email")),
    ),
    _operation(
        "refunds.create",
        "POST refunds",
        refunds.create,
        schema("RefundCreateParams", choices={"reason": refunds.REASONS}),
    ),
    _operation("refunds.list", "GET refunds", refunds.list_all, schema("RefundListParams")),
    _operation(
        "refunds.retrieve",
        "GET refunds/{refund_id}",
        refunds.retrieve,
        schema("RefundRetrieveParams"),
    ),
    _operation(
        "refunds.update", "POST refunds/{refund_id}", refunds.update, schema("RefundUpdateParams")
    ),
    _operation("disputes.list", "GET disputes", disputes.list_all, schema("DisputeListParams")),
    _operation(
        "disputes.retrieve",
        "GET disputes/{dispute_id}",
        disputes.retrieve,
        schema("DisputeRetrieveParams"),
    ),
    _operation(
        "disputes.update",
        "POST disputes/{dispute_id}",
        disputes.update,
        schema("DisputeUpdateParams"),
    ),
    _operation(
        "disputes.close",
        "POST disputes/{dispute_id}/close",
        disputes.close,
        schema("DisputeCloseParams"),
    ),
    _operation("events.list", "GET events", events.list_all, schema("EventListParams")),
    _operation(
        "events.retrieve", "GET events/{event_id}", events.retrieve, schema("EventRetrieveParams")
    ),
    _operation(
        "payment_methods.create",
        "POST payment_methods",
        methods.create,
        schema("PaymentMethodCreateParams", required=("type",)),
    ),
    _operation(
        "payment_methods.list",
        "GET payment_methods",
        methods.list_all,
        schema("PaymentMethodListParams"),
    ),
    _operation(
        "payment_methods.retrieve",
        f"GET {_PM}",
        methods.retrieve,
        schema("PaymentMethodRetrieveParams"),
    ),
    _operation(
        "payment_methods.attach",
        f"POST {_PM}/attach",
        methods.attach,
        schema("PaymentMethodAttachParams", required=("customer",)),
    ),
    _operation(
        "payment_methods.detach",
        f"POST {_PM}/detach",
        methods.detach,
        schema("PaymentMethodDetachParams"),
    ),
    _operation(
        "customers.create",
        "POST customers",
        customers.create,
        schema("CustomerCreateParams"),
    ),
    _operation("customers.list", "GET customers", customers.list_all, schema("CustomerListParams")),
    _operation(
        "customers.retrieve", f"GET {_CUS}", customers.retrieve, schema("CustomerRetrieveParams")
    ),
    _operation(
        "customers.update", f"POST {_CUS}", customers.update, schema("CustomerUpdateParams")
    ),
    _operation(
        "customers.delete", f"DELETE {_CUS}", customers.delete, schema("CustomerDeleteParams")
    ),
    _operation(
        "customers.payment_methods.list",
        f"GET {_CUS}/payment_methods",
        methods.list_of_customer,
        schema("CustomerPaymentMethodListParams"),
    ),
    _operation(
        "setup_intents.create",
        "POST setup_intents",
        setups.create,
        schema("SetupIntentCreateParams"),
    ),
    _operation(
        "setup_intents.list", "GET setup_intents", setups.list_all, schema("SetupIntentListParams")
    ),
    _operation(
        "setup_intents.retrieve",
        f"GET {_SETI}",
        setups.retrieve,
        schema("SetupIntentRetrieveParams"),
    ),
    _operation(
        "setup_intents.confirm",
        f"POST {_SETI}/confirm",
        setups.confirm,
        schema("SetupIntentConfirmParams"),
    ),
    _operation(
        "setup_intents.cancel",
        f"POST {_SETI}/cancel",
        setups.cancel,
        schema(
            "SetupIntentCancelParams",
            choices={"cancellation_reason": ("abandoned", "duplicate", "requested_by_customer")},
        ),
    ),
    _operation("accounts.create", "POST accounts", accounts.create, schema("AccountCreateParams")),
    _operation("accounts.list", "GET accounts", accounts.list_all, schema("AccountListParams")),
    _operation(
        "accounts.retrieve",
        "GET accounts/{account_id}",
        accounts.retrieve,
        schema("AccountRetrieveParams"),
    ),
    _operation(
        "accounts.update",
        "POST accounts/{account_id}",
        accounts.update,
        schema("AccountUpdateParams"),
    ),
    _operation(
        "account_links.create",
        "POST account_links",
        accounts.create_link,
        schema(
            "AccountLinkCreateParams",
            required=("account", "type"),
            choices={"type": accounts.LINK_TYPES},
        ),
    ),
)


def operation_for(method: str, path: str) -> tuple[Operation, dict[str, str]]:
    """The operation and the ids in its path. Refused with 404 where there is none."""
    for operation in OPERATIONS:
        match = operation.pattern.fullmatch(path)
        if match is not None and operation.method == method:
            return operation, match.groupdict()
    raise unrecognized_url(method, path)
