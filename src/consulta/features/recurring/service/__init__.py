"""Use cases of series, one verb a file."""

from consulta.features.recurring.service.accept import accept, accept_by_confirming
from consulta.features.recurring.service.change import change
from consulta.features.recurring.service.create import Wish, create
from consulta.features.recurring.service.end import end, leave_out
from consulta.features.recurring.service.pause import pause
from consulta.features.recurring.service.resume import resume

__all__ = [
    "Wish",
    "accept",
    "accept_by_confirming",
    "change",
    "create",
    "end",
    "leave_out",
    "pause",
    "resume",
]
