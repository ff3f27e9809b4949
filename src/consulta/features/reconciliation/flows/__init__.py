"""What reconciliation does with providers: comparing, mending, and trying anew what was parked."""

from consulta.features.payments.flows import Till
from consulta.features.reconciliation.flows.compare import (
    Account,
    accounts,
    examine,
    look_back,
    recent_charges,
)
from consulta.features.reconciliation.flows.reading import Due, due_readings, read_again
from consulta.features.reconciliation.flows.replay import look_again, replay_operation

__all__ = [
    "Account",
    "Due",
    "Till",
    "accounts",
    "due_readings",
    "examine",
    "look_again",
    "look_back",
    "read_again",
    "recent_charges",
    "replay_operation",
]
