"""What recordings hold about a person; erasing the account has those of a client swept."""

from consulta.platform.personal_data import PersonalData, part

PERSONAL_DATA = PersonalData(
    parts=(
        part(
            "recordings",
            "meeting_recordings",
            statement="""
SELECT r.id, r.booking_id, r.specialist_id, r.status, r.file_format, r.duration_seconds,
       r.storage_size_bytes, r.expires_at, r.deleted_at, r.created_at
FROM app.meeting_recordings r WHERE r.client_id = $1 ORDER BY r.created_at DESC, r.id LIMIT $2
""",
        ),
        part(
            "recording_settings",
            "recording_settings",
            statement="SELECT s.* FROM app.recording_settings s"
            " WHERE s.specialist_id = $1 LIMIT $2",
        ),
    ),
)
