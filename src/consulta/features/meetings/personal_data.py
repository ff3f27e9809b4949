"""What meetings hold about a person."""

from consulta.platform.personal_data import PersonalData, part

PERSONAL_DATA = PersonalData(
    parts=(
        part(
            "meetings",
            "meetings",
            statement="""
SELECT m.id, m.booking_id, m.specialist_id, m.provider, m.starts_at, m.ends_at, m.state,
       m.created_at
FROM app.meetings m WHERE m.client_id = $1 ORDER BY m.created_at DESC, m.id LIMIT $2
""",
        ),
    ),
    untold={"meeting_links": "sealed links, opened for a session when it begins"},
    kept={"meetings": "that there was one, and when; the video vendor's own law for its part"},
)
