"""Use cases that speak to the storage: no transaction is open while they do."""

from consulta.features.recordings.flows.bringing import announce, complete
from consulta.features.recordings.flows.fetching import link
from consulta.features.recordings.flows.files import File, accept, hand_over
from consulta.features.recordings.flows.removing import delete, purge
from consulta.features.recordings.flows.shelf import Shelf

__all__ = [
    "File",
    "Shelf",
    "accept",
    "announce",
    "complete",
    "delete",
    "hand_over",
    "link",
    "purge",
]
