"""The errors of session notes."""

from consulta.kernel.errors import Conflict, Invalid, NotFound


class NoteNotFound(NotFound):
    """There is no such note, or it is not yours to see."""

    code = "NOTE_NOT_FOUND"


class NoteIsFinal(Conflict):
    """A note cannot be changed 24 hours after it was made: append to it instead."""

    code = "NOTE_IS_FINAL"


class NoteChanged(Conflict):
    """The note is not what you have seen any more: look at it again."""

    code = "NOTE_CHANGED"


class NoteNotPossible(Conflict):
    """Only sessions that were confirmed, and not called off, have notes."""

    code = "NOTE_NOT_POSSIBLE"


class TooManyNotes(Conflict):
    """This session has as many notes as there may be."""

    code = "TOO_MANY_NOTES"


class TooManyAmendments(Conflict):
    """As much was appended to this note as there may be."""

    code = "TOO_MANY_AMENDMENTS"


class ReasonRequired(Invalid):
    """Say in 3 to 1000 characters why you do this: it is written to the audit log."""

    code = "REASON_REQUIRED"
