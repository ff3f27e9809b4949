"""Control of what banks, payers and the dashboard do: nothing that an API key could do."""

import copy

from tests.fakes.stripe import accounts, attempts, captures, disputes, refunds, setups
from tests.fakes.stripe.desk import Desk
from tests.fakes.stripe.machine import Machine
from tests.fakes.stripe.refusals import Json
from tests.fakes.stripe.webhooks import Webhooks


class BankControl:
    """Every method answers with a copy of the object as it stands afterwards. Raises
    `LookupError` for an unknown id and `Refused` for what the state does not allow.
    """

    machine: Machine
    webhooks: Webhooks

    def complete_action(self, intent_id: str, *, succeed: bool = True) -> Json:
        """The payer passes, or fails, the 3-D Secure challenge of a payment or setup intent."""
        if intent_id.startswith("seti_"):
            desk, intent = self._at("setup_intent", intent_id)
            return self._done(setups.complete_challenge(desk, intent, succeed=succeed))
        desk, intent = self._at("payment_intent", intent_id)
        return self._done(attempts.complete_challenge(desk, intent, succeed=succeed))

    def browser_confirm(
        self, intent_id: str, *, payment_method: str, return_url: str | None = None
    ) -> Json:
        """What Stripe.js does with a client secret. A decline raises `Refused` (402)."""
        params: Json = {"payment_method": payment_method}
        if return_url is not None:
            params["return_url"] = return_url
        try:
            if intent_id.startswith("seti_"):
                desk, intent = self._at("setup_intent", intent_id)
                setups.confirmed(desk, intent, params, by_browser=True)
            else:
                desk, intent = self._at("payment_intent", intent_id)
                attempts.confirmed(desk, intent, params, by_browser=True)
        finally:
            self.webhooks.kick()
        return copy.deepcopy(intent)

    def settle_processing(self, intent_id: str, *, succeed: bool = True) -> Json:
        desk, intent = self._at("payment_intent", intent_id)
        return self._done(attempts.settle(desk, intent, succeed=succeed))

    def expire_authorization(self, intent_id: str) -> Json:
        """The bank lets the hold go now: the intent is `canceled`, for the reason `expired`."""
        desk, intent = self._at("payment_intent", intent_id)
        return self._done(captures.expire(desk, intent))

    def refund_from_dashboard(self, intent_id: str, *, amount: int | None = None) -> Json:
        desk, _ = self._at("payment_intent", intent_id)
        params: Json = {"payment_intent": intent_id}
        if amount is not None:
            params["amount"] = amount
        return self._done(refunds.create(desk, params))

    def cancel_from_dashboard(self, intent_id: str, *, reason: str | None = None) -> Json:
        desk, _ = self._at("payment_intent", intent_id)
        return self._done(
            captures.cancel(desk, {"cancellation_reason": reason}, intent_id=intent_id)
        )

    def capture_from_dashboard(self, intent_id: str, *, amount: int | None = None) -> Json:
        desk, _ = self._at("payment_intent", intent_id)
        params: Json = {} if amount is None else {"amount_to_capture": amount}
        return self._done(captures.capture(desk, params, intent_id=intent_id))

    def settle_refund(self, refund_id: str, *, succeed: bool = True) -> Json:
        """A refund fails even after it had succeeded; its amount is then not refunded any more."""
        desk, refund = self._at("refund", refund_id)
        return self._done(refunds.settle(desk, refund, succeed=succeed))

    def open_dispute(
        self,
        reference: str,
        *,
        amount: int | None = None,
        reason: str = "fraudulent",
        inquiry: bool = False,
    ) -> Json:
        """`reference` is a charge, or a payment intent whose last charge is meant."""
        if reference.startswith("pi_"):
            reference = self.machine.find("payment_intent", reference)[1]["latest_charge"] or ""
        desk, charge = self._at("charge", reference)
        return self._done(
            disputes.opened(desk, charge, amount=amount, reason=reason, inquiry=inquiry)
        )

    def close_dispute(self, dispute_id: str, *, won: bool) -> Json:
        desk, dispute = self._at("dispute", dispute_id)
        return self._done(disputes.decided(desk, dispute, won=won))

    def onboard_account(self, account_id: str) -> Json:
        """The owner of a connected account gave everything asked for."""
        desk, account = self._at("account", account_id)
        return self._done(accounts.onboarded(desk, account))

    def _at(self, kind: str, reference: str) -> tuple[Desk, Json]:
        book, thing = self.machine.find(kind, reference)
        return self.machine.desk(book), thing

    def _done(self, thing: Json) -> Json:
        self.webhooks.kick()
        return copy.deepcopy(thing)
