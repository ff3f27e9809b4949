"""What came of a call, in the words in which it is written down."""

from dataclasses import dataclass
from datetime import datetime

from consulta.providers.payments.port import Charge, ChargeRefused, ProviderUnavailable


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of a call: a charge, a refusal, or nothing certain."""

    charge: Charge | None = None
    refused: ChargeRefused | None = None
    unavailable: ProviderUnavailable | None = None
    reference: str | None = None
    is_absent: bool = False
    """The provider has no charge for the payment."""
    is_one_call: bool = False
    """The sums in the charge are those of this call alone: our own rows remember the others."""
    lapses_at: datetime | None = None
    """What is reserved cannot be released, and ends by itself then."""
    waits_for_bank: bool = False
    """It was not sent: the payer's bank decides a dispute first."""
    is_not_owed: bool = False
    """It was not sent: the payer has had the money through the bank."""
    is_undone: bool = False
    """The charge shows that the operation had no effect, and its key is too old to be sent."""
    seen: Charge | None = None
    """A charge that does not name its refunds: whether this one is among them has to be decided
    under the payment's lock, with the others in view.
    """
