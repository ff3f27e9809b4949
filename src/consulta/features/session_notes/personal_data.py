"""What session notes hold about a person: those about the own sessions. What a specialist wrote is
about somebody else, and is read where it was written.
"""

from collections.abc import Sequence

from consulta.features.session_notes import queries, service
from consulta.platform.personal_data import Item, Part, PersonalData, Reading

_INNER = frozenset({"key_id", "wrapped_key", "sealed", "now"})


async def _about_person(reading: Reading) -> Sequence[Item]:
    """Opened, and each on the record, as everywhere."""
    rows = await queries.notes_of_person(
        reading.work, role="client", after=None, limit=reading.limit - 1
    )
    opened = await service.opened_whole(reading.work, rows, vault=reading.vault)
    return [{name: note[name] for name in note if name not in _INNER} for note in opened]


PERSONAL_DATA = PersonalData(
    parts=(Part("session_notes", ("session_notes", "session_note_amendments"), _about_person),),
    kept={"session_notes": "the specialist's professional record of a session"},
)
