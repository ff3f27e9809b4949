"""Use cases of payments, one verb a file."""

from consulta.features.payments.service.apply import apply, give_up
from consulta.features.payments.service.by_hand import mark_paid, mark_returned
from consulta.features.payments.service.card import charge_card, leave_card_alone, refuse_card
from consulta.features.payments.service.note import note_mended, park_charge, park_payment
from consulta.features.payments.service.owed import settle_not_owed, wait_for_bank
from consulta.features.payments.service.present import present_method
from consulta.features.payments.service.record import (
    postpone,
    record,
    refuse,
    replace,
    settle_absence,
    wait_for_lapse,
)
from consulta.features.payments.service.refund import refund
from consulta.features.payments.service.request import Asked, request_operation
from consulta.features.payments.service.resolve import resolve_refund
from consulta.features.payments.service.terms import state_terms

__all__ = [
    "Asked",
    "apply",
    "charge_card",
    "give_up",
    "leave_card_alone",
    "mark_paid",
    "mark_returned",
    "note_mended",
    "park_charge",
    "park_payment",
    "postpone",
    "present_method",
    "record",
    "refund",
    "refuse",
    "refuse_card",
    "replace",
    "request_operation",
    "resolve_refund",
    "settle_absence",
    "settle_not_owed",
    "state_terms",
    "wait_for_bank",
    "wait_for_lapse",
]
