"""What a provider answers that cannot save a payer's method."""

# Nobody is asked, so nothing is looked at.
# ruff: noqa: ARG002

from typing import NoReturn

from consulta.providers.payments.port import ChargeRefused


class WithoutSavedMethods:
    """The part of the port that goes with the capability `saves_methods`, refused."""

    async def save_method(self, method_id: str, *, idempotency_key: str) -> NoReturn:
        """Refused: nothing can be saved here."""
        raise ChargeRefused(reason="not_supported")

    async def fetch_setup(self, reference: str) -> NoReturn:
        """Refused: there are no set-ups here."""
        raise ChargeRefused(reason="not_supported")

    async def forget_method(self, customer_reference: str, *, idempotency_key: str) -> None:
        """Refused: nothing was saved here."""
        raise ChargeRefused(reason="not_supported")
