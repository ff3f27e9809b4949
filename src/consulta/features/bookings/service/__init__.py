"""Use cases of bookings, one verb a file."""

from consulta.features.bookings.service.book import Order, Placed, book
from consulta.features.bookings.service.cancel import cancel, decline
from consulta.features.bookings.service.complete import complete, mark_no_show
from consulta.features.bookings.service.confirm import confirm
from consulta.features.bookings.service.expire import cleanup_orphaned_slots, expire
from consulta.features.bookings.service.pay_again import pay_again

__all__ = [
    "Order",
    "Placed",
    "book",
    "cancel",
    "cleanup_orphaned_slots",
    "complete",
    "confirm",
    "decline",
    "expire",
    "mark_no_show",
    "pay_again",
]
