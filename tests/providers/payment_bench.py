"""What a bench is: an adapter, its methods, and the hands of payer, bank and network."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from consulta.providers.payments.port import Charge, PaymentProvider

Letter = tuple[bytes, dict[str, str]]


async def _no_time() -> None:
    """Nothing waits for the clock here."""


@dataclass
class Bench:
    """A provider, the names of its magic methods, and the hands of payer and network."""

    provider: PaymentProvider
    approved: str = ""
    declined: str = ""
    without_funds: str = ""
    challenged: str = ""
    disputed: str = ""
    declined_later: str = ""
    """Can be saved, and is declined when it is charged."""
    challenged_later: str = ""
    """Can be saved, and the bank asks for its owner when it is charged."""
    present_to_save: Callable[[str, str], Awaitable[None]] | None = None
    """The payer's browser presents a method for a set-up, and passes what the bank asks."""
    present: Callable[[str, str], Awaitable[None]] | None = None
    """The payer's browser presents a method for a charge; a decline is no error to a browser."""
    finish_challenge: Callable[[str, bool], Awaitable[None]] | None = None
    lose_next_reply: Callable[[], None] | None = None
    """The next change happens at the provider, and its answer never arrives."""
    letter_about: Callable[[Charge], Awaitable[Letter]] | None = None
    dispute: Callable[[str], Awaitable[None]] | None = None
    """The payer complains to the bank, where no method does so by itself."""
    let_time_pass: Callable[[], Awaitable[None]] = _no_time
    """So long that the provider does not mind a repeated request any more."""
