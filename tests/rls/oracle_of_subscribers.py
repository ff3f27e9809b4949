"""The oracle's part on outgoing webhooks: endpoints, their secrets, deliveries."""

from collections.abc import Mapping

from tests.rls.law import ADMIN, DEFINER, OWN_ROWS, WORKER, Law

SUBSCRIBER_LAWS: Mapping[str, Law] = {
    "webhook_endpoints": Law(
        key=("id",),
        select={**OWN_ROWS, **ADMIN, **WORKER, **DEFINER},
        insert=DEFINER,
        update={**WORKER, **DEFINER},
        touch=("failing_since", "now()"),
    ),
    "webhook_endpoint_secrets": Law(
        key=("id",),
        select={**WORKER, **DEFINER},
        insert=DEFINER,
        update={**WORKER, **DEFINER},
        delete={**WORKER, **DEFINER},
        touch=("key_id", "'k2'"),
    ),
    "webhook_deliveries": Law(
        key=("id",),
        select={**OWN_ROWS, **ADMIN, **WORKER, **DEFINER},
        insert={**WORKER, **DEFINER},
        update={**WORKER, **DEFINER},
        delete=WORKER,
        touch=("attempts", "3"),
    ),
}
