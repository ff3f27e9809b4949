"""What intake holds about a person; erasing the account takes the answers away."""

from collections.abc import Sequence

from consulta.features.intake import queries
from consulta.features.intake.rules import SEALED
from consulta.platform.personal_data import (
    Item,
    Part,
    PersonalData,
    Reading,
    erasing,
    part,
)
from consulta.platform.sealed import Unreadable


async def _answers(reading: Reading) -> Sequence[Item]:
    """Opened, and each on the record, as everywhere."""
    told: list[Item] = []
    for row in await queries.answers_of_person(reading.work, limit=reading.limit):
        reading.work.audit(
            "intake.read",
            subject_type="booking",
            subject_id=row["booking_id"],
            new={"revision": row["revision"], "as": "client"},
        )
        head = {"booking_id": row["booking_id"], "submitted_at": row["submitted_at"]}
        # One row that nobody can open must not hide the others.
        try:
            told.append({**head, **SEALED.disclose(reading.vault, row)})
        except Unreadable as error:
            told.append({**head, "answers": None, "problem": error.code})
    return told


PERSONAL_DATA = PersonalData(
    parts=(
        Part("intake_answers", ("intake_answers",), _answers),
        part(
            "intake_forms",
            "intake_forms",
            statement="SELECT f.* FROM app.intake_forms f WHERE f.specialist_id = $1"
            " ORDER BY f.created_at DESC, f.id LIMIT $2",
        ),
    ),
    erase=erasing(
        "UPDATE app.intake_forms SET is_active = false WHERE specialist_id = $1 AND is_active"
    ),
)
