"""The names of a purchase's states."""

from enum import StrEnum


class PurchaseStatus(StrEnum):
    PENDING_PAYMENT = "pending_payment"
    ACTIVE = "active"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    REFUNDED = "refunded"
