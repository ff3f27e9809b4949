"""The errors of analytics."""

from consulta.kernel.errors import Invalid


class PeriodInvalid(Invalid):
    """A period ends on or after its first date, and has at most 400 parts."""

    code = "PERIOD_INVALID"
