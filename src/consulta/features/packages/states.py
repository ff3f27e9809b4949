"""The states of a purchase, the legal moves between them, and the door through which it moves.

The database's trigger holds the same table (`app.purchase_moves()`), so that no SQL breaks it.
"""

from enum import StrEnum

from consulta.features.packages.queries import LockedPurchase
from consulta.features.packages.status import PurchaseStatus
from consulta.kernel.transitions import Transitions
from consulta.platform.db.work import Work


class Mover(StrEnum):
    SYSTEM = "system"


_BY_SYSTEM = frozenset({Mover.SYSTEM})

MOVES: Transitions[PurchaseStatus, Mover] = Transitions(
    {
        (PurchaseStatus.PENDING_PAYMENT, PurchaseStatus.ACTIVE): _BY_SYSTEM,
        (PurchaseStatus.PENDING_PAYMENT, PurchaseStatus.CANCELLED): _BY_SYSTEM,
        (PurchaseStatus.ACTIVE, PurchaseStatus.EXPIRED): _BY_SYSTEM,
        (PurchaseStatus.ACTIVE, PurchaseStatus.REFUNDED): _BY_SYSTEM,
    }
)

_TOPIC = {PurchaseStatus.ACTIVE: "package.activated"}

_MOVE = """
UPDATE app.package_purchases SET status = $2,
    activated_at = CASE WHEN $2 = 'active' THEN app.now() ELSE activated_at END,
    valid_until = CASE WHEN $2 = 'active' THEN app.now() + make_interval(days => valid_for_days)
        ELSE valid_until END
WHERE id = $1
"""


async def change_status(work: Work, purchase: LockedPurchase, to: PurchaseStatus) -> None:
    """The only place where a purchase's status is assigned, by the service itself; `purchase` is
    locked by the caller. One that becomes active is valid from now on. Raises `IllegalMove`.
    """
    MOVES.check(purchase.status, to, Mover.SYSTEM)
    await work.execute(_MOVE, purchase.id, to)
    tell_moved(work, purchase, to)


def tell_moved(work: Work, purchase: LockedPurchase, to: PurchaseStatus) -> None:
    """The audit log and the outbox know of a move that was made, by us or by the database."""
    work.audit(
        f"package.{to}",
        subject_type="package_purchase",
        subject_id=purchase.id,
        old={"status": purchase.status, "credits_left": purchase.credits_left},
        new={"status": to},
    )
    work.send(
        _TOPIC.get(to, f"package.{to}"),
        {
            "purchase_id": purchase.id,
            "specialist_id": purchase.specialist_id,
            "client_id": purchase.client_id,
        },
    )
