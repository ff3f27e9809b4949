"""Use cases of bookings, one verb a file."""

from consulta.features.bookings.service.book import Order, Placed, book
from consulta.features.bookings.service.call_off import call_off
from consulta.features.bookings.service.cancel import cancel, decline
from consulta.features.bookings.service.complete import complete, mark_no_show
from consulta.features.bookings.service.confirm import confirm
from consulta.features.bookings.service.expire import cleanup_orphaned_slots, expire
from consulta.features.bookings.service.move import reschedule
from consulta.features.bookings.service.pay_again import pay_again
from consulta.features.bookings.service.propose import (
    accept_proposal,
    decline_proposal,
    propose,
)
from consulta.features.bookings.service.quote import Quoted, QuoteShown, quote

__all__ = [
    "Order",
    "Placed",
    "QuoteShown",
    "Quoted",
    "accept_proposal",
    "book",
    "call_off",
    "cancel",
    "cleanup_orphaned_slots",
    "complete",
    "confirm",
    "decline",
    "decline_proposal",
    "expire",
    "mark_no_show",
    "pay_again",
    "propose",
    "quote",
    "reschedule",
]
