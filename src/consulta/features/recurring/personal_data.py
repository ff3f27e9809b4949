"""What series hold about a person; erasing the account takes the words out of them."""

from consulta.platform.personal_data import PersonalData, part

PERSONAL_DATA = PersonalData(
    parts=(
        part(
            "series",
            "recurring_bookings",
            statement="SELECT r.* FROM app.recurring_bookings r WHERE r.client_id = $1"
            " ORDER BY r.created_at DESC, r.id LIMIT $2",
        ),
        part(
            "series_dates",
            "recurring_booking_occurrences",
            statement="SELECT o.* FROM app.recurring_booking_occurrences o WHERE o.client_id = $1"
            " ORDER BY o.created_at DESC, o.id LIMIT $2",
        ),
    ),
    kept={"series": "ended; sessions refer to them"},
)
