"""One charge of the sandbox: what each magic method leads to, and which moves are legal when."""

from dataclasses import asdict, dataclass, field, fields
from typing import Any, NoReturn

from consulta.kernel.money import Money
from consulta.providers.payments.port import (
    ChargeRefused,
    ChargeState,
    ChargeStateConflict,
    DisputeState,
)

VISA = "pm_sandbox_visa"
"""Approved."""
DECLINED = "pm_sandbox_declined"
"""Refused by the bank, without a reason."""
INSUFFICIENT_FUNDS = "pm_sandbox_insufficient_funds"
"""Refused: there is not enough money."""
THREE_D_SECURE = "pm_sandbox_3ds"
"""The payer has to confirm first: complete the action, or fail it."""
DISPUTE = "pm_sandbox_dispute"
"""Approved; once the money is taken, the payer disputes it, and his bank never decides."""
DISPUTE_WON = "pm_sandbox_dispute_won"
"""The same, and five minutes later his bank decides for us: the money is back."""
DISPUTE_LOST = "pm_sandbox_dispute_lost"
"""The same, and five minutes later his bank decides for the payer: the money is gone."""
LATE = "pm_sandbox_late"
"""The bank takes its time: processing, and approved a while later, or by completing the action."""
REFUND_FAILS = "pm_sandbox_refund_fails"
"""Approved; whatever goes back is accepted, and comes back from the bank a while later."""
UNAVAILABLE = "pm_sandbox_unavailable"
"""The provider cannot be reached, however often it is asked."""
METHODS = (
    VISA,
    DECLINED,
    INSUFFICIENT_FUNDS,
    THREE_D_SECURE,
    DISPUTE,
    DISPUTE_WON,
    DISPUTE_LOST,
    LATE,
    REFUND_FAILS,
    UNAVAILABLE,
)

REFUND_CODE = "expired_or_canceled_card"
AUTHORIZATION_SECONDS = 7 * 86_400.0
DISPUTE_REASON = "fraudulent"
DISPUTE_SECONDS = 300.0
"""So long the bank of a dispute that ends takes to decide: time enough to cancel meanwhile."""
OPERATIONS_MAX = 64
"""So many requests with a key of their own a charge remembers; more are refused."""
_DECLINES = {DECLINED: "generic_decline", INSUFFICIENT_FUNDS: "insufficient_funds"}
_DECISIONS = {
    DISPUTE: None,
    DISPUTE_WON: DisputeState.WON.value,
    DISPUTE_LOST: DisputeState.LOST.value,
}
_PRESENTABLE = (ChargeState.PENDING, ChargeState.REQUIRES_ACTION)


@dataclass(slots=True)
class SandboxCharge:
    """The whole truth about a charge, as plain values. A method either moves it or refuses with
    `ChargeRefused` and, at most, a note of why; `now` is in Unix seconds throughout.
    """

    reference: str
    payment_id: str
    amount_minor: int
    currency: str
    created_at: float
    capture_now: bool = False
    off_session: bool = False
    method: str | None = None
    status: str = ChargeState.PENDING.value
    captured_minor: int = 0
    refunded_minor: int = 0
    refunds: list[dict[str, Any]] = field(default_factory=list)
    """Each with `reference`, `key`, `amount_minor`, `fails_at` and, once it has failed, `code`."""
    disputed: bool = False
    """A dispute about all that was taken is open."""
    dispute_ends_at: float | None = None
    dispute_end: str | None = None
    """How the bank has decided, once it has."""
    error_code: str | None = None
    decline_code: str | None = None
    authorized_at: float | None = None
    settles_at: float | None = None
    version: int = 0
    operations: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def from_state(cls, state: dict[str, Any]) -> "SandboxCharge":
        known = {each.name for each in fields(cls)}
        return cls(**{name: value for name, value in state.items() if name in known})

    def as_state(self) -> dict[str, Any]:
        return asdict(self)

    def as_snapshot(self) -> dict[str, Any]:
        """As it stands, without its memory of requests."""
        return self.as_state() | {"operations": {}}

    @property
    def state(self) -> ChargeState:
        return ChargeState(self.status)

    @property
    def dispute(self) -> DisputeState | None:
        """How the dispute stands; None where there never was one."""
        if self.disputed:
            return DisputeState.OPEN
        return None if self.dispute_end is None else DisputeState(self.dispute_end)

    @property
    def capture_before(self) -> float | None:
        return None if self.authorized_at is None else self.authorized_at + AUTHORIZATION_SECONDS

    def remember(self, key: str, operation: dict[str, Any]) -> None:
        """The request under this key will be answered as it was. Nothing is ever forgotten for
        want of room, since that would let a request have its effect twice.
        """
        if len(self.operations) >= OPERATIONS_MAX:
            raise ChargeRefused(reason="too_many_operations")
        self.operations[key] = operation

    def pass_time(self, *, now: float) -> None:
        """What happens by itself has happened: a late approval, a lapsed reservation, a refund
        that came back, the end of a dispute.
        """
        if self.state is ChargeState.PROCESSING and now >= (self.settles_at or 0):
            self._approve(now=self.settles_at or now)
        if self.state is ChargeState.AUTHORIZED and now >= (self.capture_before or 0):
            self.status = ChargeState.CANCELLED.value
        for refund in self.refunds:
            if refund["fails_at"] is not None and now >= refund["fails_at"]:
                self.fail_refund(refund["reference"])
        if self.dispute_ends_at is not None and now >= self.dispute_ends_at:
            self._decide()

    def present(self, method: str, *, now: float, late_after_seconds: float) -> None:
        """The payer presents a method. A refused one leaves the charge waiting for another."""
        if self.state not in _PRESENTABLE:
            self._conflict()
        self.method, self.error_code, self.decline_code = method, None, None
        if method in _DECLINES:
            self._fail("card_declined", decline_code=_DECLINES[method])
        elif method == THREE_D_SECURE and self.off_session:
            self._fail("authentication_required", decline_code="authentication_required")
        elif method == THREE_D_SECURE:
            self.status = ChargeState.REQUIRES_ACTION.value
        elif method == LATE:
            self.status = ChargeState.PROCESSING.value
            self.settles_at = now + late_after_seconds
        else:
            self._approve(now=now)

    def complete(self, *, succeed: bool, now: float) -> None:
        """The payer's action, or the bank's pondering, has ended; a failure is no refusal here."""
        if self.state not in (ChargeState.REQUIRES_ACTION, ChargeState.PROCESSING):
            self._conflict()
        if succeed:
            self._approve(now=now)
            return
        failed_action = self.state is ChargeState.REQUIRES_ACTION
        self.status = ChargeState.PENDING.value
        self.error_code = "authentication_failed" if failed_action else "card_declined"

    def capture(self, amount: Money, *, now: float) -> None:
        if self.state is not ChargeState.AUTHORIZED:
            self._conflict()
        self._check(amount, at_most=self.amount_minor)
        self._take(amount.amount_minor, now=now)

    def cancel(self) -> None:
        if self.state is ChargeState.PAID:
            self._conflict()
        self.status = ChargeState.CANCELLED.value

    def refund(self, amount: Money, *, reference: str, key: str, fails_at: float | None) -> None:
        """So much goes back; where `fails_at` is given, it comes back from the bank then. Nothing
        does while the bank decides a dispute, nor what it gave to the payer.
        """
        if self.state is not ChargeState.PAID:
            self._conflict()
        if self.dispute is DisputeState.OPEN:
            raise ChargeRefused(reason="charge_disputed")
        is_lost = self.dispute is DisputeState.LOST
        self._check(amount, at_most=0 if is_lost else self.captured_minor - self.refunded_minor)
        self.refunded_minor += amount.amount_minor
        made = {"reference": reference, "key": key, "amount_minor": amount.amount_minor}
        self.refunds.append({**made, "fails_at": fails_at, "code": None})

    def fail_refund(self, reference: str) -> None:
        """The bank sends the refund back, however long ago it was accepted."""
        refund = next((one for one in self.refunds if one["reference"] == reference), None)
        if refund is None or refund["code"] is not None:
            self._conflict()
        self.refunds = [one for one in self.refunds if one is not refund]
        self.refunds.append({**refund, "fails_at": None, "code": REFUND_CODE})
        self.refunded_minor -= refund["amount_minor"]

    def _approve(self, *, now: float) -> None:
        self.authorized_at = now
        self.status = ChargeState.AUTHORIZED.value
        if self.capture_now:
            self._take(self.amount_minor, now=now)

    def _take(self, minor: int, *, now: float) -> None:
        self.captured_minor = minor
        self.status = ChargeState.PAID.value
        self.disputed = self.method in _DECISIONS
        if _DECISIONS.get(self.method or "") is not None:
            self.dispute_ends_at = now + DISPUTE_SECONDS

    def _decide(self) -> None:
        self.disputed, self.dispute_ends_at = False, None
        self.dispute_end = _DECISIONS[self.method or ""]

    def _check(self, amount: Money, *, at_most: int) -> None:
        if amount.currency != self.currency:
            raise ChargeRefused(reason="currency_mismatch")
        if amount.amount_minor <= 0:
            raise ChargeRefused(reason="amount_too_small")
        if amount.amount_minor > at_most:
            raise ChargeRefused(reason="amount_too_large")

    def _fail(self, code: str, *, decline_code: str) -> NoReturn:
        self.status = ChargeState.PENDING.value
        self.error_code, self.decline_code = code, decline_code
        raise ChargeRefused(reason=code, decline_code=decline_code)

    def _conflict(self) -> NoReturn:
        raise ChargeStateConflict(reason="charge_unexpected_state")
