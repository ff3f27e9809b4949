"""What people can agree to, and how often things are asked."""

from enum import StrEnum

MOST_CONSENTS = 1000
"""Of one person: every change of mind is kept."""

MOST_HISTORY = 100
"""Of the changes that a person is shown."""

EXPORTS_PER_HOUR = 5
ERASURES_PER_MINUTE = 5


class Purpose(StrEnum):
    TERMS = "terms"
    PRIVACY = "privacy"
    MARKETING = "marketing"
    RECORDING = "recording"
