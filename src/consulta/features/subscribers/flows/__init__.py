"""What speaks to the addresses of subscribers: looking at them, and posting to them."""

from consulta.features.subscribers.flows.courier import Courier
from consulta.features.subscribers.flows.keeping import change, create

__all__ = ["Courier", "change", "create"]
