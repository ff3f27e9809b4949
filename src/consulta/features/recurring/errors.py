"""The errors of series."""

from consulta.kernel.errors import Conflict, Invalid, NotFound


class SeriesNotFound(NotFound):
    """There is no such series, or it is not yours to see."""

    code = "SERIES_NOT_FOUND"


class SeriesDateNotFound(NotFound):
    """The series has no such date ahead of it."""

    code = "SERIES_DATE_NOT_FOUND"


class SeriesEnded(Conflict):
    """The series has ended."""

    code = "SERIES_ENDED"


class SeriesChangedMeanwhile(Conflict):
    """The series has changed since you read it: read it again."""

    code = "SERIES_CHANGED"


class TooManySeries(Conflict):
    """There are as many series as there may be, with this specialist or altogether."""

    code = "TOO_MANY_SERIES"


class SeriesWithoutDates(Invalid):
    """No date of this series is still to come."""

    code = "SERIES_WITHOUT_DATES"


class StartDateOutOfRange(Invalid):
    """A series begins today, by the specialist's calendar, or within 366 days."""

    code = "START_DATE_OUT_OF_RANGE"


class EndDateOutOfRange(Invalid):
    """A series ends on its first date or later, not in the past, and within five years."""

    code = "END_DATE_OUT_OF_RANGE"


class PackagePurchaseMisplaced(Invalid):
    """A purchase of a package goes with the payment mode `package`, and with no other."""

    code = "PACKAGE_PURCHASE_MISPLACED"


class ManualPaymentNotOffered(Invalid):
    """This specialist does not take payments by hand."""

    code = "MANUAL_PAYMENT_NOT_OFFERED"


class DateMissing(Invalid):
    """Name the date: this is about one date of the series, or those from one on."""

    code = "SERIES_DATE_REQUIRED"
