"""Customers: opaque holders of payment methods."""

from tests.fakes.stripe.book import new_id
from tests.fakes.stripe.desk import Desk
from tests.fakes.stripe.methods import usable
from tests.fakes.stripe.paging import page
from tests.fakes.stripe.refusals import Json
from tests.fakes.stripe.schema import merged

PLAIN_FIELDS = ("description", "email", "name", "phone")


def create(desk: Desk, params: Json) -> Json:
    customer: Json = {
        "id": new_id("cus"),
        "object": "customer",
        "address": None,
        "balance": 0,
        "created": desk.now,
        "currency": None,
        "default_source": None,
        "delinquent": False,
        "discount": None,
        "invoice_settings": {
            "custom_fields": None,
            "default_payment_method": None,
            "footer": None,
            "rendering_options": None,
        },
        "livemode": desk.book.livemode,
        "metadata": merged({}, params.get("metadata", {})),
        "preferred_locales": [],
        "shipping": None,
        "tax_exempt": "none",
        "test_clock": None,
        **{name: params.get(name) or None for name in PLAIN_FIELDS},
    }
    if "payment_method" in params:
        usable(desk, params["payment_method"], customer=None)["customer"] = customer["id"]
    desk.book.add(customer)
    desk.announce("customer.created", customer)
    return customer


def retrieve(desk: Desk, params: Json, *, customer_id: str) -> Json:
    return desk.book.find("customer", customer_id)


def update(desk: Desk, params: Json, *, customer_id: str) -> Json:
    customer = desk.book.find("customer", customer_id)
    changes = {name: params[name] or None for name in PLAIN_FIELDS if name in params}
    if "metadata" in params:
        changes["metadata"] = merged(customer["metadata"], params["metadata"])
    before = {name: customer[name] for name in changes}
    customer |= changes
    desk.announce("customer.updated", customer, before=before)
    return customer


def delete(desk: Desk, params: Json, *, customer_id: str) -> Json:
    """The customer is gone, and nothing of theirs can be used again."""
    customer = desk.book.find("customer", customer_id)
    for method in desk.book.all("payment_method", lambda m: m["customer"] == customer_id):
        method["customer"] = None
        desk.book.hidden.spent.add(method["id"])
    desk.book.remove(customer)
    desk.announce("customer.deleted", customer)
    return {"id": customer_id, "object": "customer", "deleted": True}


def list_all(desk: Desk, params: Json) -> Json:
    email = params.get("email")
    return page(
        desk.book,
        "customer",
        params,
        url="/v1/customers",
        where=lambda customer: email in (None, customer["email"]),
    )
