"""The errors of intake. None of them repeats an answer."""

from consulta.kernel.errors import Conflict, Invalid, NotFound


class IntakeFormNotFound(NotFound):
    """There is no such intake form, or nothing is asked before this session."""

    code = "INTAKE_FORM_NOT_FOUND"


class IntakeFormChanged(Conflict):
    """The questions were changed at the same moment: look at them, and try again."""

    code = "INTAKE_FORM_CHANGED"


class TooManyIntakeForms(Conflict):
    """There are as many forms as there may be, those of the past included."""

    code = "TOO_MANY_INTAKE_FORMS"


class IntakeInvalid(Invalid):
    """Some questions are not answered as they are asked: `questions` says which."""

    code = "INTAKE_INVALID"


class IntakeClosed(Conflict):
    """The session has ended or does not stand any more: its questions cannot be answered."""

    code = "INTAKE_CLOSED"


class IntakeChanged(Conflict):
    """The answers are not what you have seen any more: look at them again."""

    code = "INTAKE_CHANGED"
