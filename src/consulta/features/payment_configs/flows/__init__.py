"""What goes through the safe: keys that are put in by people, and opened by the worker alone."""

from consulta.features.payment_configs.flows.opening import keys_reader
from consulta.features.payment_configs.flows.putting import put
from consulta.features.payment_configs.flows.safe import Safe

__all__ = ["Safe", "keys_reader", "put"]
