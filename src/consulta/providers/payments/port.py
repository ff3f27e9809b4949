"""The port of payment providers: our words for orders, charges and events. No vendor word here."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar, Protocol

from consulta.kernel.errors import Malformed, PaymentRefused, Unavailable
from consulta.kernel.money import Money


class ChargeState(StrEnum):
    """Where a charge stands at the provider: the truth that our payment row projects."""

    PENDING = "pending"  # created, waiting for the payer to present a method
    REQUIRES_ACTION = "requires_action"  # waiting for the payer, for example 3-D Secure
    PROCESSING = "processing"  # the provider is still deciding
    AUTHORIZED = "authorized"  # reserved, not yet taken
    PAID = "paid"  # taken, in part returned perhaps: see `refunded_minor`
    CANCELLED = "cancelled"  # the authorisation was released, or the attempt given up


@dataclass(frozen=True, slots=True)
class AuthorizeOrder:
    """Reserve money (or take it at once). Only opaque ids cross the border."""

    payment_id: str
    amount: Money
    capture_now: bool = False
    off_session: bool = False
    payment_method: str | None = None
    """A method presented by the payer's browser; without one the charge waits for it."""
    return_url: str | None = None
    charge_reference: str | None = None
    """A charge that exists already and waits for a method: the new one is presented to it, or the
    payer shown the way to pay where none came."""
    metadata: Mapping[str, str] = field(default_factory=dict)
    """More opaque ids for the provider's record; what does not look like one stays here."""


@dataclass(frozen=True, slots=True)
class NextAction:
    """What the payer's browser has to do next."""

    kind: str  # "client_secret" | "order" | "redirect"
    client_secret: str | None = field(default=None, repr=False)
    """For the payer alone, so it keeps out of logs."""
    url: str | None = None
    order_reference: str | None = None


@dataclass(frozen=True, slots=True)
class Charge:
    """A charge as the provider has it at this moment."""

    reference: str
    state: ChargeState
    amount: Money
    authorized_minor: int = 0
    """What was reserved: also after the capture, and 0 again once released."""
    captured_minor: int = 0
    refunded_minor: int = 0
    disputed: bool = False
    next_action: NextAction | None = None
    capture_before: datetime | None = None
    """The instant at which an authorisation lapses by itself."""
    error_code: str | None = None
    """Why the last attempt failed, in the provider's code (`card_declined`); safe to show."""
    decline_code: str | None = None
    payment_id: str | None = None
    """Our own id as the provider gave it back, for finding a charge we had lost."""
    created_at: datetime | None = None
    raw: Mapping[str, Any] = field(default_factory=dict)
    """The provider's answer without secrets, for the record."""


@dataclass(frozen=True, slots=True)
class Refund:
    reference: str
    amount: Money
    state: str  # "pending" | "succeeded" | "failed"


@dataclass(frozen=True, slots=True)
class ProviderEvent:
    """A verified letter from a provider: what it is about, never what to believe."""

    id: str
    kind: str
    """The provider's own name of the event, for the log."""
    account: str = ""
    charge_reference: str | None = None
    payment_id: str | None = None
    livemode: bool = False
    is_ours: bool = True
    """False for a genuine letter about another account or mode: record it, never apply it."""
    created_at: datetime | None = None
    body: Mapping[str, Any] = field(default_factory=dict)
    """A minimised copy: type, ids, amounts, states; no personal data."""


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What the provider can do; the state machine asks here and never for a name."""

    void: bool = True
    partial_capture: bool = True
    idempotent_requests: bool = True
    """False where the provider knows no keys of ours: what was done is looked up before anything is
    done, and a payment has one charge there, whatever the key."""
    presents_methods: bool = True
    """Whether we may present a payer's method; elsewhere the payer does it at the provider's page,
    and no charge comes to be without the payer."""
    lists: bool = True
    """Whether charges can be listed; elsewhere `recent` tells of none."""
    disputes: bool = True
    """Whether a charge tells that it is disputed."""
    webhooks: bool = True
    takes_money: bool = True
    """False where a person collects the money by hand (`manual`)."""
    remembers: bool = True
    """False where our own rows are the only record: `fetch` then tells nothing about what was
    done, and the sums in a charge are those of the one call."""


class ProviderUnavailable(Unavailable):
    """The payment provider could not be reached or did not give a usable answer."""

    code = "PAYMENT_PROVIDER_UNAVAILABLE"

    def __init__(
        self,
        detail: str | None = None,
        *,
        retry_after_seconds: float | None = None,
        stored: bool = False,
        **facts: Any,
    ) -> None:
        super().__init__(detail, **facts)
        self.retry_after_seconds = retry_after_seconds
        self.stored = stored
        """True where the provider will give this same answer again for this same key."""


class ChargeRefused(PaymentRefused):
    """The provider refused for good: this attempt is over."""

    code = "PAYMENT_REFUSED"

    def __init__(
        self,
        detail: str | None = None,
        *,
        reason: str = "refused",
        decline_code: str | None = None,
        charge: Charge | None = None,
    ) -> None:
        super().__init__(detail, reason=reason)
        self.reason = reason
        self.decline_code = decline_code
        self.charge = charge
        """The charge as it stands after the refusal, where the provider told us."""


class ChargeStateConflict(ChargeRefused):
    """The charge is not in a state in which this can be done: read it, and follow it."""

    code = "PAYMENT_STATE_CONFLICT"


class SignatureRejected(Malformed):
    """The signature does not fit the message."""

    code = "INVALID_SIGNATURE"


class PaymentProvider(Protocol):
    """Takes and returns money.

    Every method raises only `ChargeRefused` (definitive), `ProviderUnavailable` (in doubt or not
    now), or `SignatureRejected` (`read_event`). `idempotency_key` is the id of our operation: the
    same key with the same arguments has one effect, however often it is sent.
    """

    name: ClassVar[str]
    capabilities: ClassVar[Capabilities]

    @property
    def publishable_key(self) -> str | None: ...

    async def authorize(self, order: AuthorizeOrder, *, idempotency_key: str) -> Charge: ...

    async def capture(self, reference: str, amount: Money, *, idempotency_key: str) -> Charge: ...

    async def cancel(self, reference: str, *, idempotency_key: str) -> Charge:
        """The authorisation is released. Cancelling what is already cancelled is no error."""
        ...

    async def refund(
        self, reference: str, amount: Money, *, idempotency_key: str
    ) -> tuple[Refund, Charge]: ...

    async def fetch(self, reference: str) -> Charge:
        """The present truth about a charge."""
        ...

    async def find(self, payment_id: str, *, created_after: datetime) -> Charge | None:
        """The charge that was made for this payment of ours, if any: the way out of doubt."""
        ...

    def recent(self, since: datetime) -> AsyncIterator[Charge]: ...

    def read_event(self, body: bytes, headers: Mapping[str, str]) -> ProviderEvent:
        """The verified letter. Raises `SignatureRejected` for anything else, whatever its bytes."""
        ...

    async def close(self) -> None: ...
