"""The oracle's part on money: payments, their books, gateway accounts and saved methods."""

from collections.abc import Mapping

from tests.rls.law import ADMIN, DEFINER, NO_ROW, OWN_ROWS, PAYER, WORKER, Law, between_parties
from tests.rls.people import Kind

MONEY_LAWS: Mapping[str, Law] = {
    "payments": between_parties(
        insert={**WORKER, **DEFINER}, update={**WORKER, **DEFINER}, touch=("last_error", "'e'")
    ),
    "payment_actions": Law(
        key=("payment_id",),
        select={Kind.PERSON: PAYER, Kind.ADMIN: NO_ROW, **WORKER},
        insert=WORKER,
        update=WORKER,
        touch=("next_action", "'{}'"),
    ),
    "payment_disputes": between_parties(insert=WORKER, update=WORKER, touch=("reason", "'r'")),
    "payment_operations": Law(
        key=("id",),
        select={**ADMIN, **WORKER, **DEFINER},
        insert={**WORKER, **DEFINER},
        update={**WORKER, **DEFINER},
        touch=("attempts", "3"),
    ),
    "sandbox_charges": Law(
        key=("reference",),
        select=WORKER,
        insert=WORKER,
        update=WORKER,
        touch=("version", "2"),
    ),
    "house_terms": Law(
        key=("id",),
        select={**WORKER, **DEFINER},
        insert=WORKER,
        update=WORKER,
        touch=("default_provider", "'manual'"),
    ),
    "webhook_events": Law(
        key=("id",),
        select={**ADMIN, **WORKER},
        insert=WORKER,
        update=WORKER,
        delete=WORKER,
        touch=("attempts", "3"),
    ),
    "ledger_entries": between_parties(insert=DEFINER),
    "receipts": between_parties(insert=DEFINER),
    "receipt_counters": Law(
        key=("specialist_id",),
        select={**ADMIN, **DEFINER},
        insert=DEFINER,
        update=DEFINER,
        touch=("last_number", "7"),
    ),
    "payment_configs": Law(
        key=("id",),
        select={**OWN_ROWS, **ADMIN, **WORKER, **DEFINER},
        insert=DEFINER,
        update=DEFINER,
        touch=("is_live", "true"),
    ),
    "payment_config_keys": Law(
        key=("config_id", "specialist_id"),
        select={**WORKER, **DEFINER},
        insert=DEFINER,
        update={**WORKER, **DEFINER},
        touch=("key_id", "'k2'"),
    ),
    "reconciliation_findings": Law(
        key=("id",),
        select={**ADMIN, **WORKER},
        insert=WORKER,
        update={**ADMIN, **WORKER},
        touch=("note", "'n'"),
    ),
    "reconciliation_cursors": Law(
        key=("provider", "account"),
        select={**ADMIN, **WORKER},
        insert=WORKER,
        update=WORKER,
        touch=("read_until", "now()"),
    ),
    "saved_methods": between_parties(
        insert={**WORKER, **DEFINER}, update={**WORKER, **DEFINER}, touch=("label", "'l'")
    ),
    "saved_method_actions": Law(
        key=("method_id", "specialist_id", "client_id"),
        select={Kind.PERSON: PAYER, **WORKER},
        insert=WORKER,
        update=WORKER,
        touch=("next_action", "'{}'"),
    ),
}
