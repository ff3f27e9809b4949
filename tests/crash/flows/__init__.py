"""The flows that are crashed, by name: what people do, and how it must end."""

from collections.abc import Mapping
from typing import Final

from tests.crash.flows import changes, packages, prices, reconciling, series, sessions
from tests.crash.flows.flow import Flow

FLOWS: Final[Mapping[str, Flow]] = {
    flow.name: flow
    for room in (sessions, changes, packages, prices, series, reconciling)
    for flow in room.FLOWS
}

__all__ = ["FLOWS", "Flow"]
