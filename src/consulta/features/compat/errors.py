"""The errors of the old functions."""

from consulta.kernel.errors import Unavailable


class DispatchFailed(Unavailable):
    """The run failed half-way: what it had booked stands, the rest is tried again."""

    code = "DISPATCH_FAILED"
