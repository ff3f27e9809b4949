"""The errors of saved methods."""

from consulta.kernel.errors import Conflict, Invalid, NotFound


class SavedMethodNotFound(NotFound):
    """There is no such saved method, or it is not yours."""

    code = "SAVED_METHOD_NOT_FOUND"


class SavedMethodNotReady(Conflict):
    """This method cannot be charged: it is not saved yet, or its account is not in use any more."""

    code = "SAVED_METHOD_NOT_READY"


class SavedMethodInUse(Conflict):
    """A series that has not ended is paid with this method: end it, or let it be paid otherwise."""

    code = "SAVED_METHOD_IN_USE"


class TooManySavedMethods(Conflict):
    """There are as many saved methods with this specialist as there may be."""

    code = "TOO_MANY_SAVED_METHODS"


class SavedMethodMisplaced(Invalid):
    """A saved method goes with the payment mode `saved_card`, and with no other."""

    code = "SAVED_METHOD_MISPLACED"


class SavedCardNotAvailable(Invalid):
    """Whoever takes this specialist's money cannot save a card."""

    code = "SAVED_CARD_NOT_AVAILABLE"


class CannotPayYourself(Invalid):
    """A method is saved for somebody else to charge."""

    code = "CANNOT_PAY_YOURSELF"


CARD_ERRORS = (SavedMethodNotFound, SavedMethodNotReady, SavedMethodMisplaced)
"""What speaks against a saved card that somebody names."""
