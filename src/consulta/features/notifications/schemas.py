"""Bodies and answers about notifications."""

from datetime import date, datetime
from typing import Annotated, Literal, get_args
from uuid import UUID

from pydantic import Field

from consulta.features.notifications.rules import Kind
from consulta.platform.http.schema import Answer, Blankable, Body

Language = Literal["en", "de"]
LANGUAGES = get_args(Language)


class PreferencesPut(Body):
    """Which mail is wanted. What is absent is wanted; no language means that of the profile."""

    language: Annotated[Language | None, Blankable] = None
    bookings: bool = True
    reminders: bool = True
    follow_ups: bool = True
    series: bool = True
    packages: bool = True


class PreferencesOut(Answer):
    """Sessions that are moved, declined, called off or skipped, and trouble with money, are told
    in any case.
    """

    language: Language | None
    effective_language: Language
    bookings: bool
    reminders: bool
    follow_ups: bool
    series: bool
    packages: bool


class NotificationOut(Answer):
    """What a person was told: ids, never words."""

    id: UUID
    kind: Kind
    state: Literal["pending", "sent", "failed"] = Field(description="Of the mail.")
    specialist_id: UUID
    client_id: UUID | None
    booking_id: UUID | None
    revision: int
    series_id: UUID | None
    local_date: date | None
    payment_id: UUID | None
    package_purchase_id: UUID | None
    language: str | None
    due_at: datetime
    sent_at: datetime | None
    read_at: datetime | None
