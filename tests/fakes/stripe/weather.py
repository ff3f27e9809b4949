"""Weather: faults that strike by chance, seeded, instead of one after the other."""

from random import Random

from tests.fakes.stripe.faults import Fault, FaultBook, FaultKind, Phase
from tests.fakes.stripe.mishaps import UNKNOWN_ERROR, USUAL_ERRORS

_ANSWERS = (409, 429, 500, 503)


class Weather(FaultBook):
    """Of all requests that change something so many are struck: not let in, broken off before or
    after, or answered with an error that is kept under the key. Reads are struck half as often.
    """

    def __init__(self, seed: int, *, share: float) -> None:
        super().__init__()
        self._chance = Random(seed)
        self.share = share
        self.struck = 0

    def take(self, kind: FaultKind, phase: Phase, *, method: str, path: str) -> Fault | None:
        share = self.share if method == "POST" else self.share / 2
        # Each request passes here at four places that can break.
        if kind is FaultKind.DELAY or self._chance.random() >= 1 - (1 - share) ** 0.25:
            return None
        self.struck += 1
        fault = Fault(kind, phase)
        if kind is FaultKind.FAIL:
            fault.status = self._chance.choice(_ANSWERS) if phase is Phase.BEFORE else 500
            fault.error = {**USUAL_ERRORS.get(fault.status, UNKNOWN_ERROR)}
            fault.stored = fault.status == 500 and self._chance.random() < 0.5
        return fault
