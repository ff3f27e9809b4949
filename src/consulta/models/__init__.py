"""Floor 1: the schema and only the schema. Importing this makes every table known to `Base`."""

from consulta.models.audit import AuditEntry
from consulta.models.availability import (
    AvailabilityException,
    AvailabilityExceptionReason,
    AvailabilityRule,
    Calendar,
    Slot,
)
from consulta.models.base import Base
from consulta.models.booking import Booking, BookingCancellation, BookingStatusHistory
from consulta.models.payment import Payment, PaymentAction, PaymentOperation, SandboxCharge
from consulta.models.plumbing import (
    IdempotencyKey,
    JobRun,
    OutboxMessage,
    RateLimit,
    WebhookEvent,
)
from consulta.models.profile import Profile, ProfileContact
from consulta.models.specialist import (
    Specialist,
    SpecialistContact,
    SpecialistLanguage,
    SpecialistRate,
    SpecialistSpecialty,
)
from consulta.models.user import Credential, User, UserSession

__all__ = [
    "AuditEntry",
    "AvailabilityException",
    "AvailabilityExceptionReason",
    "AvailabilityRule",
    "Base",
    "Booking",
    "BookingCancellation",
    "BookingStatusHistory",
    "Calendar",
    "Credential",
    "IdempotencyKey",
    "JobRun",
    "OutboxMessage",
    "Payment",
    "PaymentAction",
    "PaymentOperation",
    "Profile",
    "ProfileContact",
    "RateLimit",
    "SandboxCharge",
    "Slot",
    "Specialist",
    "SpecialistContact",
    "SpecialistLanguage",
    "SpecialistRate",
    "SpecialistSpecialty",
    "User",
    "UserSession",
    "WebhookEvent",
]
