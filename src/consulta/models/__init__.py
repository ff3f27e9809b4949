"""Floor 1: the schema and only the schema. Importing this makes every table known to `Base`."""

from consulta.models.account_letter import AccountLetter
from consulta.models.audit import AuditEntry
from consulta.models.availability import (
    AvailabilityException,
    AvailabilityExceptionReason,
    AvailabilityRule,
    Calendar,
    Slot,
)
from consulta.models.base import Base
from consulta.models.booking import (
    Booking,
    BookingCancellation,
    BookingProposal,
    BookingReschedule,
    BookingStatusHistory,
)
from consulta.models.compliance import Consent
from consulta.models.coupon import Coupon, CouponUsage
from consulta.models.house_terms import HouseTerms
from consulta.models.intake import IntakeAnswers, IntakeForm
from consulta.models.ledger import LedgerEntry, Receipt, ReceiptCounter
from consulta.models.meeting import Meeting, MeetingLink
from consulta.models.notification import Notification, NotificationPreference
from consulta.models.package import BookingPackage, PackageCredit, PackagePurchase
from consulta.models.payment import (
    Payment,
    PaymentAction,
    PaymentDispute,
    PaymentOperation,
    SandboxCharge,
)
from consulta.models.payment_config import PaymentConfig, PaymentConfigKey
from consulta.models.plumbing import (
    IdempotencyKey,
    JobRun,
    OutboxMessage,
    RateLimit,
    WebhookEvent,
)
from consulta.models.profile import Profile, ProfileContact
from consulta.models.reconciliation import ReconciliationCursor, ReconciliationFinding
from consulta.models.recording import MeetingRecording, RecordingSettings
from consulta.models.recurring import RecurringBooking, RecurringBookingOccurrence
from consulta.models.review import Review
from consulta.models.saved_method import SavedMethod, SavedMethodAction
from consulta.models.session_note import SessionNote, SessionNoteAmendment
from consulta.models.specialist import (
    Specialist,
    SpecialistContact,
    SpecialistLanguage,
    SpecialistRate,
    SpecialistSpecialty,
)
from consulta.models.subscriber import WebhookDelivery, WebhookEndpoint, WebhookEndpointSecret
from consulta.models.user import Credential, User, UserSession
from consulta.models.video_config import VideoConfig, VideoConfigKey

__all__ = [
    "AccountLetter",
    "AuditEntry",
    "AvailabilityException",
    "AvailabilityExceptionReason",
    "AvailabilityRule",
    "Base",
    "Booking",
    "BookingCancellation",
    "BookingPackage",
    "BookingProposal",
    "BookingReschedule",
    "BookingStatusHistory",
    "Calendar",
    "Consent",
    "Coupon",
    "CouponUsage",
    "Credential",
    "HouseTerms",
    "IdempotencyKey",
    "IntakeAnswers",
    "IntakeForm",
    "JobRun",
    "LedgerEntry",
    "Meeting",
    "MeetingLink",
    "MeetingRecording",
    "Notification",
    "NotificationPreference",
    "OutboxMessage",
    "PackageCredit",
    "PackagePurchase",
    "Payment",
    "PaymentAction",
    "PaymentConfig",
    "PaymentConfigKey",
    "PaymentDispute",
    "PaymentOperation",
    "Profile",
    "ProfileContact",
    "RateLimit",
    "Receipt",
    "ReceiptCounter",
    "ReconciliationCursor",
    "ReconciliationFinding",
    "RecordingSettings",
    "RecurringBooking",
    "RecurringBookingOccurrence",
    "Review",
    "SandboxCharge",
    "SavedMethod",
    "SavedMethodAction",
    "SessionNote",
    "SessionNoteAmendment",
    "Slot",
    "Specialist",
    "SpecialistContact",
    "SpecialistLanguage",
    "SpecialistRate",
    "SpecialistSpecialty",
    "User",
    "UserSession",
    "VideoConfig",
    "VideoConfigKey",
    "WebhookDelivery",
    "WebhookEndpoint",
    "WebhookEndpointSecret",
    "WebhookEvent",
]
