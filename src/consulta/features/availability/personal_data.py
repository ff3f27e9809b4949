"""What the calendar holds about a person."""

from consulta.platform.personal_data import PersonalData, erasing, part

PERSONAL_DATA = PersonalData(
    parts=(
        part(
            "availability_rules",
            "availability_rules",
            statement="SELECT r.* FROM app.availability_rules r WHERE r.specialist_id = $1"
            " ORDER BY r.weekday, r.starts_minute, r.id LIMIT $2",
        ),
        part(
            "availability_exceptions",
            "specialist_availability_exceptions",
            "availability_exception_reasons",
            statement="""
SELECT e.*, r.reason, r.note FROM app.specialist_availability_exceptions e
LEFT JOIN app.availability_exception_reasons r ON r.exception_id = e.id
WHERE e.specialist_id = $1 ORDER BY e.exception_date DESC, e.id LIMIT $2
""",
        ),
    ),
    untold={
        "calendars": "a lock and a counter",
        "slots": "claims: what became of them is among the bookings, and holds last minutes",
    },
    erase=erasing(
        "DELETE FROM app.availability_rules WHERE specialist_id = $1",
        "DELETE FROM app.specialist_availability_exceptions WHERE specialist_id = $1",
    ),
)
