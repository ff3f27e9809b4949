"""Who owns which personal data: the promise of each room, in the order of an export."""

from consulta.features.auth.personal_data import PERSONAL_DATA as AUTH
from consulta.features.availability.personal_data import PERSONAL_DATA as AVAILABILITY
from consulta.features.bookings.personal_data import PERSONAL_DATA as BOOKINGS
from consulta.features.compliance.personal_data import PERSONAL_DATA as COMPLIANCE
from consulta.features.coupons.personal_data import PERSONAL_DATA as COUPONS
from consulta.features.intake.personal_data import PERSONAL_DATA as INTAKE
from consulta.features.meetings.personal_data import PERSONAL_DATA as MEETINGS
from consulta.features.notifications.personal_data import PERSONAL_DATA as NOTIFICATIONS
from consulta.features.packages.personal_data import PERSONAL_DATA as PACKAGES
from consulta.features.payment_configs.personal_data import PERSONAL_DATA as PAYMENT_CONFIGS
from consulta.features.payments.personal_data import PERSONAL_DATA as PAYMENTS
from consulta.features.profiles.personal_data import PERSONAL_DATA as PROFILES
from consulta.features.receipts.personal_data import PERSONAL_DATA as RECEIPTS
from consulta.features.recordings.personal_data import PERSONAL_DATA as RECORDINGS
from consulta.features.recurring.personal_data import PERSONAL_DATA as RECURRING
from consulta.features.reviews.personal_data import PERSONAL_DATA as REVIEWS
from consulta.features.saved_methods.personal_data import PERSONAL_DATA as SAVED_METHODS
from consulta.features.session_notes.personal_data import PERSONAL_DATA as SESSION_NOTES
from consulta.features.specialists.personal_data import PERSONAL_DATA as SPECIALISTS
from consulta.features.subscribers.personal_data import PERSONAL_DATA as SUBSCRIBERS
from consulta.features.video_configs.personal_data import PERSONAL_DATA as VIDEO_CONFIGS
from consulta.platform.personal_data import Register

REGISTER: Register = (
    AUTH,
    PROFILES,
    COMPLIANCE,
    NOTIFICATIONS,
    BOOKINGS,
    RECURRING,
    INTAKE,
    SESSION_NOTES,
    RECORDINGS,
    MEETINGS,
    REVIEWS,
    PAYMENTS,
    SAVED_METHODS,
    RECEIPTS,
    PACKAGES,
    COUPONS,
    SPECIALISTS,
    AVAILABILITY,
    PAYMENT_CONFIGS,
    VIDEO_CONFIGS,
    SUBSCRIBERS,
)
