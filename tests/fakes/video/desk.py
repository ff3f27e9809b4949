"""Control of the fake vendors: their offices, their network, and one view of what was made."""

from dataclasses import dataclass
from typing import Any

from tests.fakes.stripe.clock import Clock
from tests.fakes.stripe.faults import FaultBook
from tests.fakes.vendor.desk import NetworkDesk
from tests.fakes.vendor.post import PostOffice
from tests.fakes.video.google import GoogleOffice
from tests.fakes.video.office import Office

TEAMS_HOST = "b19bd2a4-6c63-4f3a-9d0e-5d1f9a7c2e11"


@dataclass(frozen=True, slots=True)
class Seen:
    """A meeting that stands at a vendor, whichever it is."""

    vendor: str
    id: str
    key: str
    topic: str
    starts_at: str


class VideoDesk(NetworkDesk):
    def __init__(self, clock: Clock) -> None:
        self.clock, self.faults, self.post = clock, FaultBook(), PostOffice(clock)
        self.requests: list[dict[str, Any]] = []
        self.zoom = Office(
            clock, name="zoom-client", secret="zoom-secret-of-hers", hosts={"me", "sarah"}
        )
        self.teams = Office(
            clock, name="teams-client", secret="teams-secret-of-hers", hosts={TEAMS_HOST}
        )
        self.google = GoogleOffice(
            clock, name="google-client", secret="google-secret-of-hers", hosts={"primary"}
        )

    def standing(self) -> list[Seen]:
        """Every meeting that somebody could walk into."""
        return [
            *(
                Seen("zoom", str(one["id"]), one["agenda"], one["topic"], one["start_time"])
                for one in self.zoom.meetings.values()
            ),
            *(
                Seen("teams", one["id"], one["externalId"], one["subject"], one["startDateTime"])
                for one in self.teams.meetings.values()
            ),
            *(
                Seen("meet", one["id"], one["id"], one["summary"], one["start"]["dateTime"])
                for one in self.google.meetings.values()
                if one["status"] != "cancelled"
            ),
        ]
