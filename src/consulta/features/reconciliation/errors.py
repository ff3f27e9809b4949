"""The errors of reconciliation."""

from consulta.kernel.errors import Conflict, NotFound


class FindingNotFound(NotFound):
    """There is no such finding."""

    code = "FINDING_NOT_FOUND"


class FindingSettled(Conflict):
    """The finding has been settled already."""

    code = "FINDING_SETTLED"


class OperationNotFound(NotFound):
    """There is no such operation."""

    code = "OPERATION_NOT_FOUND"


class OperationNotReplayable(Conflict):
    """The operation is not over, is a payer's to repeat, or another one has taken its place."""

    code = "OPERATION_NOT_REPLAYABLE"


class OperationHasHappened(Conflict):
    """The provider's books show that this money has gone back already."""

    code = "OPERATION_HAS_HAPPENED"
