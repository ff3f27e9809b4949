"""The port of payment providers: our words for orders, charges and events. No vendor word here."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar, Protocol, runtime_checkable

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
    customer_reference: str | None = None
    """Whose saved method it is at the provider: `off_session`, nobody is there to be asked."""
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
    return_url: str | None = None
    """Where the provider's page, opened with the order, sends the payer back to."""


class DisputeState(StrEnum):
    """How the payer's complaint at the bank stands."""

    INQUIRY = "inquiry"  # the bank asks; no money is held back
    OPEN = "open"  # the bank holds the money back until it has decided
    WON = "won"  # decided for us: the money is back
    LOST = "lost"  # decided for the payer: the money is gone
    CLOSED = "closed"  # over, and nothing was decided


@dataclass(frozen=True, slots=True)
class Dispute:
    """A dispute as the provider has it at this moment."""

    reference: str
    """Empty where the provider tells that there is one, and no more."""
    state: DisputeState
    reason: str | None = None
    """In the provider's word (`product_not_received`); safe to show."""
    amount: Money | None = None

    @property
    def stands(self) -> bool:
        return self.state in {DisputeState.INQUIRY, DisputeState.OPEN}

    @property
    def holds_money(self) -> bool:
        """Whether the bank has the money, for now or for good."""
        return self.state in {DisputeState.OPEN, DisputeState.LOST}


def gravest(disputes: Sequence[Dispute]) -> Dispute | None:
    """Of all the disputes of a charge the one to speak of: for which the bank holds money back,
    else one that stands, else the youngest, which is the last.
    """
    ranked = enumerate(disputes)
    state = DisputeState.OPEN
    chosen = max(
        ranked, key=lambda one: (one[1].state is state, one[1].stands, one[0]), default=None
    )
    return chosen[1] if chosen else None


class SetupState(StrEnum):
    """Where a set-up stands at the provider."""

    PENDING = "pending"  # waiting for the payer: for a method, or for 3-D Secure
    READY = "ready"  # saved: it may be charged while the payer is away
    FAILED = "failed"  # over, without a method


@dataclass(frozen=True, slots=True)
class Setup:
    """A method that a payer lets somebody charge later, as the provider has it at this moment."""

    reference: str
    state: SetupState
    customer_reference: str | None = None
    method_reference: str | None = None
    label: str | None = None
    """What the payer knows it by, such as `Visa 4242`: at most 40 characters."""
    next_action: NextAction | None = None
    error_code: str | None = None
    """Why the payer's last try failed, in the provider's code; safe to show."""


@dataclass(frozen=True, slots=True)
class Refund:
    reference: str
    amount: Money
    state: str  # "pending" | "succeeded" | "failed"
    key: str | None = None
    """The idempotency key it was asked under, as far as the provider gives it back."""
    error_code: str | None = None
    """Why it failed, in the provider's code (`lost_or_stolen_card`); safe to show."""

    @property
    def has_failed(self) -> bool:
        """Whether nothing of it reached the payer, or it came back."""
        return self.state == "failed"


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
    """What went back, and did not fail since."""
    refunds: tuple[Refund, ...] | None = None
    """All that were ever accepted, those that failed included; None where this answer does not
    tell them."""
    disputed: bool = False
    """Whether a dispute stands, as far as this answer tells."""
    disputes: tuple[Dispute, ...] = ()
    """Those that are told, the oldest first; none is no word that there was none."""
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
class ProviderEvent:
    """A verified letter from a provider: what it is about, never what to believe."""

    id: str
    kind: str
    """The provider's own name of the event, for the log."""
    account: str = ""
    charge_reference: str | None = None
    """The charge that it is about, or the set-up."""
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
    saves_methods: bool = False
    """Whether a method can be saved, and charged later while its payer is away."""
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


@dataclass(frozen=True, slots=True)
class PayersReturn:
    """Whose payer came back, as a provider's page says: never how the payment stands."""

    charge_reference: str
    payment_id: str | None = None


@runtime_checkable
class SendsPayersBack(Protocol):
    """A provider at whose page the payer pays, and from which the browser comes back to us."""

    async def read_return(self, form: bytes) -> PayersReturn | None:
        """What the browser brings, which only that page and its payer can know; None for a failure
        that the provider's page tells without any proof.

        Raises `SignatureRejected` for anything else, whatever its bytes; and `ProviderUnavailable`
        where it could not be found out.
        """
        ...


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

    async def save_method(self, method_id: str, *, idempotency_key: str) -> Setup:
        """A set-up for this saved method of ours, which waits for the payer's browser. Refused
        with the reason `not_supported` where `saves_methods` is not declared, like the next two.
        """
        ...

    async def fetch_setup(self, reference: str) -> Setup:
        """The present truth about a set-up."""
        ...

    async def forget_method(self, customer_reference: str, *, idempotency_key: str) -> None:
        """Whatever was saved under that name can be charged no more; the second time is fine."""
        ...

    def recent(self, since: datetime) -> AsyncIterator[Charge]: ...

    def read_event(self, body: bytes, headers: Mapping[str, str]) -> ProviderEvent:
        """The verified letter. Raises `SignatureRejected` for anything else, whatever its bytes."""
        ...

    async def close(self) -> None: ...
