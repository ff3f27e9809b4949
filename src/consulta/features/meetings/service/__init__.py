"""What changes a meeting's row: what is wanted, who has it in hand, and what came of it."""

from consulta.features.meetings.service.forget import forget_links
from consulta.features.meetings.service.lease import Lease, lease
from consulta.features.meetings.service.record import gone, later, made, park, removed
from consulta.features.meetings.service.retry import retry
from consulta.features.meetings.service.want import revive, want

__all__ = [
    "Lease",
    "forget_links",
    "gone",
    "later",
    "lease",
    "made",
    "park",
    "removed",
    "retry",
    "revive",
    "want",
]
