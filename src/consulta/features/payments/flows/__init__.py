"""What speaks to providers: the calls, reading their truth, and errands of higher rooms."""

from consulta.features.payments.flows.answer import Answer
from consulta.features.payments.flows.by_hand import mark_paid, mark_returned
from consulta.features.payments.flows.calls import ask, due_operations, perform, write_down
from consulta.features.payments.flows.come_back import Porch, come_back
from consulta.features.payments.flows.errands import Decided, Errand, carry_out, publishable_key
from consulta.features.payments.flows.follow import (
    act_at_sandbox,
    follow,
    present_at_sandbox,
    refresh,
)
from consulta.features.payments.flows.refund import refund
from consulta.features.payments.flows.terms import state_terms
from consulta.features.payments.flows.till import Till

__all__ = [
    "Answer",
    "Decided",
    "Errand",
    "Porch",
    "Till",
    "act_at_sandbox",
    "ask",
    "carry_out",
    "come_back",
    "due_operations",
    "follow",
    "mark_paid",
    "mark_returned",
    "perform",
    "present_at_sandbox",
    "publishable_key",
    "refresh",
    "refund",
    "state_terms",
    "write_down",
]
