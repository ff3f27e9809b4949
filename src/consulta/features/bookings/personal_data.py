"""What bookings hold about a person; erasing the account takes the words out of them."""

from consulta.platform.personal_data import PersonalData, part

_OF_SESSIONS = {
    "booking_cancellations": "created_at",
    "booking_reschedules": "created_at",
    "booking_proposals": "created_at",
    "booking_status_history": "at",
}

PERSONAL_DATA = PersonalData(
    parts=(
        part(
            "bookings",
            "bookings",
            statement="SELECT b.* FROM app.bookings b WHERE b.client_id = $1"
            " ORDER BY b.created_at DESC, b.id LIMIT $2",
        ),
        *(
            part(
                table,
                table,
                statement=f"SELECT t.* FROM app.{table} t WHERE t.client_id = $1"
                f" ORDER BY t.{moment} DESC, t.id LIMIT $2",
            )
            for table, moment in _OF_SESSIONS.items()
        ),
    ),
    kept={"bookings": "times and amounts, for the other party and for the books; no words"},
)
