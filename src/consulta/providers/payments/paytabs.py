"""PayTabs behind our port: hosted pages, and follow-up transactions about the same cart."""

from collections import OrderedDict
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import ClassVar

from consulta.kernel.money import Money
from consulta.providers.payments.paytabs_api import HOSTS, PayTabsApi
from consulta.providers.payments.paytabs_events import (
    is_payers_return,
    read_letter,
    read_return,
)
from consulta.providers.payments.paytabs_translation import (
    Cart,
    Transaction,
    charge_from,
    decline_from,
    read_reference,
    refund_from,
    transaction_from,
)
from consulta.providers.payments.port import (
    AuthorizeOrder,
    Capabilities,
    Charge,
    ChargeRefused,
    ChargeState,
    ChargeStateConflict,
    NextAction,
    PayersReturn,
    ProviderEvent,
    ProviderUnavailable,
    Refund,
)
from consulta.providers.payments.vendor_http import read, unreadable
from consulta.providers.payments.without_saved_methods import WithoutSavedMethods

CLOCK_SLACK = timedelta(minutes=5)
PAGES_REMEMBERED_MAX = 1_000


class PayTabsProvider(WithoutSavedMethods):
    """Takes and returns money at one PayTabs profile, with a key and a client of its own.

    There are no idempotency keys, so ours is written beside each transaction, and before anything
    is sent the cart is read: what stands there under the same key is adopted and not done again. A
    page that nobody has paid cannot be read or closed; it may be paid after we have given it up.
    """

    name: ClassVar[str] = "paytabs"
    capabilities: ClassVar[Capabilities] = Capabilities(
        idempotent_requests=False, presents_methods=False, lists=False, disputes=False
    )

    def __init__(
        self,
        *,
        profile_id: int,
        server_key: str,
        region: str = "ARE",
        former_server_keys: Sequence[str] = (),
        api_base: str | None = None,
        callback_url: str | None = None,
        return_url: str | None = None,
        timeout_seconds: float = 10.0,
    ) -> None:
        if profile_id <= 0 or not all((server_key, *former_server_keys)) or region not in HOSTS:
            raise ValueError("PayTabs needs a profile, its server key and its region")
        self._api = PayTabsApi(
            profile_id=profile_id,
            server_key=server_key,
            base_url=api_base or HOSTS[region],
            timeout_seconds=timeout_seconds,
        )
        self._profile_id, self._server_key = profile_id, server_key
        self._signing_keys = (server_key, *former_server_keys)
        self._callback_url, self._return_url = callback_url, return_url
        self._pages: OrderedDict[tuple[str, str], NextAction] = OrderedDict()

    @property
    def publishable_key(self) -> str | None:
        return None

    async def authorize(self, order: AuthorizeOrder, *, idempotency_key: str) -> Charge:
        """A page at which the payer pays, unless the cart shows that it is paid or under way.

        The same key may bring a second page, since the address of the first is told only once; the
        payer knows just the one that was recorded. Raises `ChargeRefused` where a method came or
        nobody is there: the page asks.
        """
        if order.off_session:
            raise ChargeRefused(reason="authentication_required")
        if order.payment_method is not None:
            raise ChargeRefused(reason="payment_method_unsupported")
        cart = await self._api.cart(order.payment_id)
        charge = read(charge_from, cart, order.amount)
        if charge.amount != order.amount:
            raise ChargeRefused(
                "This payment was ordered with another amount.", reason="idempotency_mismatch"
            )
        if charge.state is not ChargeState.PENDING:
            return charge
        kept = (charge.reference, idempotency_key)
        page = self._pages.get(kept) or await self._page(order, idempotency_key)
        self._pages[kept] = page
        if len(self._pages) > PAGES_REMEMBERED_MAX:
            self._pages.popitem(last=False)
        return replace(charge, next_action=page)

    async def capture(self, reference: str, amount: Money, *, idempotency_key: str) -> Charge:
        """So much is taken; what is left of the reservation is voided, and so is a second one that
        the payer made at another page.
        """
        cart, ordered = await self._known(reference)
        charge = read(charge_from, cart, ordered)
        earlier = cart.made_under(idempotency_key, kind="capture")
        auth = _auth_of(cart, earlier)
        if auth is None or (earlier is None and charge.state is not ChargeState.AUTHORIZED):
            raise ChargeStateConflict(reason="charge_not_authorized", charge=charge)
        asked = ("capture", amount, idempotency_key)
        cart = _plus(cart, await self._follow_up(cart, ordered, auth, *asked, expects=_AUTHORIZED))
        rest = auth.amount - amount
        if rest:
            cart = _plus(
                cart,
                await self._follow_up(cart, ordered, auth, "void", rest, idempotency_key),
            )
        return await self._void_all(cart, ordered, idempotency_key, spared=auth.reference)

    async def cancel(self, reference: str, *, idempotency_key: str) -> Charge:
        """Every reservation is released. Cancelling what is already cancelled is no error, nor is
        giving up a page that nobody has paid.
        """
        cart, ordered = await self._known(reference)
        charge = read(charge_from, cart, ordered)
        if charge.state is ChargeState.PAID:
            raise ChargeStateConflict(reason="charge_already_captured", charge=charge)
        if charge.state is ChargeState.PROCESSING:
            raise ProviderUnavailable("The provider is still deciding.")
        if charge.state is ChargeState.PENDING:
            return replace(charge, state=ChargeState.CANCELLED, error_code=None)
        return await self._void_all(cart, ordered, idempotency_key)

    async def refund(
        self, reference: str, amount: Money, *, idempotency_key: str
    ) -> tuple[Refund, Charge]:
        """So much is on its way back, and the charge as it stands after that."""
        cart, ordered = await self._known(reference)
        charge = read(charge_from, cart, ordered)
        if charge.state is not ChargeState.PAID:
            raise ChargeStateConflict(reason="charge_not_captured", charge=charge)
        if amount.currency != charge.amount.currency:
            raise ChargeRefused(reason="currency_mismatch", charge=charge)
        taken = cart.captures[0]
        made = await self._follow_up(cart, ordered, taken, "refund", amount, idempotency_key)
        return refund_from(made), await self.fetch(reference)

    async def fetch(self, reference: str) -> Charge:
        """The present truth. A page that nobody has paid is not known to PayTabs: it waits."""
        cart, ordered = await self._known(reference)
        return read(charge_from, cart, ordered)

    async def find(self, payment_id: str, *, created_after: datetime) -> Charge | None:
        """The charge of this payment, as soon as its payer has tried to pay."""
        cart = await self._api.cart(payment_id)
        ordered = cart.ordered
        if ordered is None:
            return None
        charge = read(charge_from, cart, ordered)
        begun = charge.created_at
        return charge if begun is None or begun >= created_after - CLOCK_SLACK else None

    async def recent(self, since: datetime) -> AsyncIterator[Charge]:  # noqa: ARG002
        """None: PayTabs has no list to read."""
        nothing: tuple[Charge, ...] = ()
        for charge in nothing:
            yield charge

    def read_event(self, body: bytes, headers: Mapping[str, str]) -> ProviderEvent:
        """The verified letter. Raises `SignatureRejected` for anything else, whatever its bytes."""
        return read_letter(
            body, headers, server_keys=self._signing_keys, profile_id=self._profile_id
        )

    def verify_return(self, form: bytes) -> bool:
        """Whether the payer's browser comes from our page at PayTabs (see `is_payers_return`): good
        for a page that says thank you, never for moving money.
        """
        return is_payers_return(form, server_key=self._server_key)

    async def read_return(self, form: bytes) -> PayersReturn:
        """The payment of the cart that the page signed, also with a key that was rolled since."""
        return read_return(form, server_keys=self._signing_keys)

    async def close(self) -> None:
        await self._api.close()

    async def _page(self, order: AuthorizeOrder, key: str) -> NextAction:
        kind = "sale" if order.capture_now else "auth"
        addresses = {"callback": self._callback_url, "return": self._return_url or order.return_url}
        answer = await self._api.request(
            kind,
            order.payment_id,
            order.amount,
            key,
            {name: url for name, url in addresses.items() if url} | {"hide_shipping": True},
        )
        url = answer.get("redirect_url")
        if not isinstance(url, str) or not url.startswith(("https://", "http://")):
            unreadable()
        return NextAction(kind="redirect", url=url)

    async def _void_all(
        self, cart: Cart, ordered: Money, key: str, *, spared: str | None = None
    ) -> Charge:
        for auth in cart.reservations:
            if auth.reference != spared:
                asked = ("void", auth.amount, key)
                made = await self._follow_up(cart, ordered, auth, *asked, expects=_AUTHORIZED)
                cart = _plus(cart, made)
        return read(charge_from, cart, ordered)

    async def _follow_up(
        self,
        cart: Cart,
        ordered: Money,
        previous: Transaction,
        kind: str,
        amount: Money,
        key: str,
        *,
        expects: ChargeState | None = None,
    ) -> Transaction:
        """The transaction that was asked for under this key, sent now unless the cart has it.

        Raises `ChargeRefused`, a conflict where the charge is not as it was expected any more; and
        `ProviderUnavailable` while PayTabs has not decided, but for refunds, which take time.
        """
        made = cart.made_under(key, kind=kind, previous=previous.reference)
        if made is not None and made.amount != amount:
            raise ChargeRefused(
                "This key was used for another request.", reason="idempotency_mismatch"
            )
        try:
            if made is None:
                more = {"tran_ref": previous.reference}
                answer = await self._api.request(kind, cart.payment_id, amount, key, more)
                made = read(transaction_from, {"previous_tran_ref": previous.reference} | answer)
            if made.succeeded or (kind == "refund" and made.is_undecided):
                return made
            if made.is_undecided:
                raise ProviderUnavailable("The provider is still deciding.")
            raise decline_from(made)
        except ChargeRefused as refused:
            charge = read(charge_from, await self._api.cart(cart.payment_id), ordered)
            if expects is not None and charge.state is not expects:
                raise ChargeStateConflict(reason=refused.reason, charge=charge) from None
            refused.charge = charge
            raise

    async def _known(self, reference: str) -> tuple[Cart, Money]:
        payment_id, ordered = read_reference(reference)
        cart = await self._api.cart(payment_id)
        ordered = ordered or cart.ordered
        if ordered is None:
            # A name without an amount came in a letter, so its transaction will be told in time.
            raise ChargeRefused("There is no such charge.", reason="resource_missing")
        return cart, ordered


_AUTHORIZED = ChargeState.AUTHORIZED


def _plus(cart: Cart, made: Transaction) -> Cart:
    known = any(one.reference == made.reference for one in cart.transactions)
    return cart if known else replace(cart, transactions=(*cart.transactions, made))


def _auth_of(cart: Cart, capture: Transaction | None) -> Transaction | None:
    """The authorisation that is captured: the one that was before, else the oldest that stands."""
    known = [one for one in cart.of("auth") if capture and one.reference == capture.previous]
    return next(iter((*known, *cart.reservations, *cart.of("auth"))), None)
