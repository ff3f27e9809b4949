"""Decisions about recordings: of what, where to, which link holds."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from consulta.features.bookings.errors import BookingNotConfirmed, BookingNotStarted
from consulta.features.recordings import rules
from consulta.features.recordings.errors import (
    RecordingDeleted,
    RecordingNotReady,
    RecordingNotUploading,
)
from consulta.features.recordings.queries import Recording
from consulta.features.recordings.status import RecordingStatus

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
BOOKING = UUID("01890a5d-ac96-774b-bcce-b302099a8057")
READY = Recording(
    id=uuid4(),
    booking_id=BOOKING,
    specialist_id=uuid4(),
    client_id=uuid4(),
    number=1,
    status=RecordingStatus.READY,
    storage_path=f"sessions/2026-02/booking-{BOOKING}.mp4",
    file_format="mp4",
    duration_seconds=60,
    storage_size_bytes=3,
    sha256=b"s" * 32,
    is_encrypted=True,
    upload_expires_at=NOW,
    ready_at=NOW,
    expires_at=None,
    deleted_at=None,
    created_at=NOW,
)


def test_only_sessions_that_took_place_are_recorded() -> None:
    for status in ("confirmed", "completed", "no_show", "refunded"):
        rules.ensure_recordable({"status": status, "starts_at": NOW}, now=NOW)
    with pytest.raises(BookingNotStarted):
        later = NOW + timedelta(seconds=1)
        rules.ensure_recordable({"status": "confirmed", "starts_at": later}, now=NOW)
    for status in ("pending_payment", "cancelled", "declined", "expired"):
        with pytest.raises(BookingNotConfirmed):
            rules.ensure_recordable({"status": status, "starts_at": NOW}, now=NOW)


def test_places_go_by_month_and_number() -> None:
    def path(number: int, file_format: str) -> str:
        return rules.storage_path(
            booking_id=BOOKING, starts_at=NOW, number=number, file_format=file_format
        )

    assert path(1, "mp4") == f"sessions/2026-03/booking-{BOOKING}.mp4"
    assert path(12, "mkv") == f"sessions/2026-03/booking-{BOOKING}-12.mkv"
    assert rules.filename(READY) == f"booking-{BOOKING}.mp4"
    assert {path(1, one).rpartition(".")[2] for one in rules.MEDIA_TYPES} == {
        "mp4", "webm", "mov", "mkv",
    }  # fmt: skip


def test_a_file_is_intact_by_size_and_sum() -> None:
    assert rules.is_intact(READY, size_bytes=3, sha256=b"s" * 32)
    assert not rules.is_intact(READY, size_bytes=4, sha256=b"s" * 32)
    assert not rules.is_intact(READY, size_bytes=3, sha256=b"t" * 32)
    assert not rules.is_intact(READY, size_bytes=3, sha256=None)


def test_a_link_lasts_a_day_and_never_beyond_its_recording() -> None:
    def lasts(**changes: object) -> timedelta:
        return rules.download_lasts(replace(READY, **changes), now=NOW)  # type: ignore[arg-type]

    assert lasts() == timedelta(hours=24)
    assert lasts(expires_at=NOW + timedelta(days=9)) == timedelta(hours=24)
    assert lasts(expires_at=NOW + timedelta(hours=1)) == timedelta(hours=1)
    for gone in ({"expires_at": NOW}, {"status": RecordingStatus.DELETED}):
        with pytest.raises(RecordingDeleted):
            lasts(**gone)
    for status in (RecordingStatus.UPLOADING, RecordingStatus.FAILED):
        with pytest.raises(RecordingNotReady):
            lasts(status=status)


@pytest.mark.parametrize(
    ("header", "usable"),
    [
        ("bytes=0-0", True),
        ("bytes=9-", True),
        ("bytes=3-99", True),
        ("bytes=-4", True),
        ("bytes=-0", False),
        ("bytes=10-", False),
        ("bytes=4-3", False),
        ("bytes=0-1,3-4", False),
        ("bytes=-", False),
        ("lines=1-2", False),
        ("", False),
    ],
)
def test_one_part_of_a_file_may_be_asked_for(header: str, usable: bool) -> None:
    assert rules.is_usable_range(header, size_bytes=10) is usable


def test_only_what_is_awaited_is_brought() -> None:
    rules.ensure_uploading(replace(READY, status=RecordingStatus.UPLOADING))
    with pytest.raises(RecordingNotUploading):
        rules.ensure_uploading(READY)


def test_who_may_still_use_a_link() -> None:
    def may(method: str, person: UUID, role: str, *, is_active: bool = True) -> bool:
        holder = {"role": role, "is_active": is_active}
        return rules.may_still(method, person=person, holder=holder, recording=READY)

    for party, role in ((READY.client_id, "client"), (READY.specialist_id, "specialist")):
        assert may("GET", party, role)
        assert not may("GET", party, role, is_active=False)
        assert not may("PUT", party, role)
        assert not rules.may_still("GET", person=party, holder=None, recording=READY)
    assert not may("GET", uuid4(), "client")
    assert may("PUT", uuid4(), "admin")
    assert not may("PUT", uuid4(), "admin", is_active=False)
