"""The mail of a notification: its words, its links and its invitation, from the present truth.

Neither a service, a price list's name, a note nor a specialty stands in any of it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import asyncpg

from consulta.features.notifications import rules
from consulta.features.notifications.rules import Kind, Standing
from consulta.kernel.money import Money
from consulta.platform.calendar_file import Event, Party, calendar_file
from consulta.platform.letters import Letters, Tongue, unlinked
from consulta.providers.messages.port import Invitation, Mail, Sender

WORDS = Path(__file__).parent.parent / "words"

_FIND_ANOTHER = frozenset({Kind.DECLINED, Kind.EXPIRED, Kind.PAYMENT_TOO_LATE})


@dataclass(frozen=True, slots=True)
class Links:
    """Where links of mails lead: the frontend; and the host that calendar events are named after,
    the same as in their files.
    """

    frontend: str
    host: str

    def of(self, row: asyncpg.Record) -> str:
        """Where what the mail is about can be seen, or the next step be taken."""
        if row["kind"] in _FIND_ANOTHER and row["recipient_id"] == row["client_id"]:
            path = f"specialists/{row['specialist_id']}"
        elif row["booking_id"] is not None:
            path = f"bookings/{row['booking_id']}"
        elif row["series_id"] is not None:
            path = f"recurring-bookings/{row['series_id']}"
        elif row["purchase_id"] is not None:
            path = f"package-purchases/{row['purchase_id']}"
        else:
            path = "settings/video"
        return f"{self.frontend.rstrip('/')}/{path}"

    @property
    def preferences(self) -> str:
        return f"{self.frontend.rstrip('/')}/settings/notifications"


def standing_of(row: asyncpg.Record) -> Standing:
    """What the decision whether to send is made from."""
    return Standing(
        kind=Kind(row["kind"]),
        now=row["now"],
        revision=row["revision"],
        booking_status=row["booking_status"],
        booking_revision=row["booking_revision"],
        starts_at=row["starts_at"],
        proposed_at=row["proposed_at"],
        local_date=row["local_date"],
        is_active=row["is_active"],
        unwanted=frozenset(name for name in rules.GROUPS if not row[name]),
    )


@dataclass(frozen=True, slots=True)
class Writer:
    """Writes mail as the sender, with links into the frontend."""

    sender: Sender
    links: Links
    letters: Letters

    def mail(self, row: asyncpg.Record) -> Mail:
        """The mail of a notification, in the recipient's language and zone."""
        known = list(self.letters.tongues)
        language = rules.language_of(row["wanted_language"], row["locale"], known=known)
        tongue = self.letters.tongues[language]
        kind = Kind(row["kind"])
        invitation = self._invitation(row, tongue)
        can_be_switched_off = rules.group_of(kind) is not None
        facts = {
            **_facts(row, tongue),
            "invited": invitation is not None,
            "link": self.links.of(row),
            "preferences_link": self.links.preferences if can_be_switched_off else "",
        }
        letter = self.letters.write(_name_of(kind, row, tongue), language=language, facts=facts)
        return Mail(
            message_id=f"<{row['id']}@{self.sender.domain}>",
            to_address=row["email"],
            to_name=unlinked(row["name"]),
            subject=letter.subject,
            text=letter.text,
            html=letter.html,
            language=language,
            invitation=invitation,
            preferences_url=self.links.preferences if can_be_switched_off else None,
        )

    def _invitation(self, row: asyncpg.Record, tongue: Tongue) -> Invitation | None:
        """For what enters both calendars, moves in them, or leaves them again."""
        kind = Kind(row["kind"])
        enters = kind in {Kind.CONFIRMED, Kind.RESCHEDULED} and row["booking_status"] == "confirmed"
        leaves = kind is Kind.CANCELLED and row["was_confirmed"]
        if not enters and not leaves:
            return None
        event = Event(
            uid=f"{row['booking_id']}@{self.links.host}",
            # As in the file of the booking: programs heed only what is newer (RFC 5546, 3.2.5).
            sequence=row["booking_revision"] + leaves,
            changed_at=row["updated_at"],
            starts_at=row["starts_at"],
            ends_at=row["ends_at"],
            status="cancelled" if leaves else "confirmed",
            summary=tongue.say(tongue.common["summary"], {"other": unlinked(row["other"] or "")}),
            url=None if leaves else self.links.of(row),
            organizer=Party(self.sender.name, self.sender.address),
            attendee=Party(unlinked(row["name"]), row["email"]),
        )
        return Invitation("CANCEL" if leaves else "REQUEST", calendar_file(event))


def _name_of(kind: Kind, row: asyncpg.Record, tongue: Tongue) -> str:
    """Some letters say one thing to the client and another to the specialist."""
    side = "specialist" if row["recipient_id"] == row["specialist_id"] else "client"
    sided = f"{kind}_{side}"
    return sided if sided in tongue.letters else kind


def _facts(row: asyncpg.Record, tongue: Tongue) -> dict[str, Any]:
    """All that words may say; what there is not, is empty."""
    zone = _zone(row)

    def moment(at: datetime | None) -> str:
        return tongue.moment(at, zone) if at is not None else ""

    starts_at, ends_at = row["starts_at"], row["ends_at"]
    return {
        "name": unlinked(row["name"]),
        "other": unlinked(row["other"] or ""),
        "zone": zone.key,
        "when": moment(starts_at),
        "day": tongue.day(starts_at, zone) if starts_at is not None else "",
        "clock": f"{starts_at.astimezone(zone):%H:%M}" if starts_at is not None else "",
        "until": f"{ends_at.astimezone(zone):%H:%M}" if ends_at is not None else "",
        "expires": moment(row["expires_at"]),
        "capture_before": moment(row["capture_before"]),
        "proposed": moment(row["proposed_at"]),
        "was": moment(row["moved_from"]),
        "date": _date(row, "local_date", tongue),
        "first": _date(row, "start_date", tongue),
        "reason": tongue.reasons.get(row["skip_reason"] or "", ""),
        "amount": _amount(row, tongue),
        "refund": _refund(row, tongue),
        "by_hand": row["provider"] == "manual",
        "credits": row["session_count"],
        "valid_until": _far(row["valid_until"], zone, tongue),
    }


def _far(at: datetime | None, zone: ZoneInfo, tongue: Tongue) -> str:
    return tongue.moment(at, zone, far=True) if at is not None else ""


def _zone(row: asyncpg.Record) -> ZoneInfo:
    is_specialist = row["recipient_id"] == row["specialist_id"]
    own = row["specialist_zone"] if is_specialist else row["own_zone"]
    try:
        return ZoneInfo(rules.zone_of(own, row["specialist_zone"]))
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")


def _date(row: asyncpg.Record, name: str, tongue: Tongue) -> str:
    """A local date has no zone: it is the specialist's, whoever reads it."""
    value = row[name]
    return tongue.day(datetime.combine(value, time(12), UTC), ZoneInfo("UTC")) if value else ""


def _amount(row: asyncpg.Record, tongue: Tongue) -> str:
    return _first_of(
        row,
        tongue,
        {
            "amount_minor": "payment_currency",
            "total_minor": "currency",
            "price_minor": "purchase_currency",
        },
    )


def _refund(row: asyncpg.Record, tongue: Tongue) -> str:
    return _first_of(
        row, tongue, {"refund_minor": "refund_currency", "refunded_minor": "payment_currency"}
    )


def _first_of(row: asyncpg.Record, tongue: Tongue, columns: Mapping[str, str]) -> str:
    """The first of these amounts that there is; nothing where it is nought."""
    for amount, currency in columns.items():
        if row[amount]:
            return tongue.money(Money(row[amount], row[currency]))
    return ""
