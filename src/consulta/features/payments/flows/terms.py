"""The house says who takes the money: once, before the first request."""

from consulta.features.payments import service
from consulta.features.payments.flows.till import Till
from consulta.providers.payments.adapters import SAVERS


async def state_terms(till: Till) -> None:
    """Whoever books from now on is charged by this till's default provider, unless the specialist
    has chosen another; cards are saved where that provider can.
    """
    async with till.recording() as work:
        await service.state_terms(
            work, default_provider=till.providers.default.name, card_savers=SAVERS
        )
