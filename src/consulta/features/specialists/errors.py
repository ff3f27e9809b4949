"""The errors of specialists."""

from consulta.kernel.errors import Conflict, Forbidden, NotFound


class SpecialistNotFound(NotFound):
    """There is no such specialist, or the page is not public."""

    code = "SPECIALIST_NOT_FOUND"


class RateNotFound(NotFound):
    """There is no such rate, or it is not offered any more."""

    code = "RATE_NOT_FOUND"


class RateKindTaken(Conflict):
    """You have a rate of this kind already: change that one, or make it active again."""

    code = "RATE_KIND_TAKEN"
    constraint = "uq_specialist_rates_specialist_id_kind"


class TooManyRates(Conflict):
    """You have as many rates as anybody may have."""

    code = "TOO_MANY_RATES"


class NotASpecialist(Forbidden):
    """Only an account with the role of a specialist may have a page."""

    code = "NOT_A_SPECIALIST"
