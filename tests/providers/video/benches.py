"""What the contract of video adapters is held against: each vendor's adapter at its fake."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from consulta.providers.video.connections import VideoReach, adapter_of
from consulta.providers.video.keys import MeetKeys, TeamsKeys, VideoKeys, ZoomKeys
from consulta.providers.video.port import VideoProvider, Wish
from tests.fakes.video import FakeVideo
from tests.fakes.video.desk import TEAMS_HOST
from tests.fakes.video.office import Office

STARTS = datetime(2026, 12, 1, 10, 0, tzinfo=UTC)
KEY = "c0199aabbccddeeff001122334455667700"

KEYS: dict[str, VideoKeys] = {
    "zoom": ZoomKeys("zoom-account", "zoom-client", "zoom-secret-of-hers", "me"),
    "teams": TeamsKeys("tenant", "teams-client", "teams-secret-of-hers", TEAMS_HOST),
    "meet": MeetKeys(
        "google-client", "google-secret-of-hers", "google-refresh-token-of-hers", "primary"
    ),
}

CREATES = {
    "zoom": r"/users/me/meetings$",
    "teams": r"/createOrGet$",
    "meet": r"/calendars/primary/events$",
}
"""Where each vendor makes a meeting."""


@dataclass
class Bench:
    vendor: str
    fake: FakeVideo
    base_url: str
    timeout_seconds: float = 5
    renewed: list[str] = field(default_factory=list)

    def adapter(self, keys: VideoKeys | None = None) -> VideoProvider:
        """A new one, that remembers nothing, as in another process."""

        async def renew(token: str) -> None:
            self.renewed.append(token)

        base = self.base_url
        reach = VideoReach(self.timeout_seconds, zoom_base=base, teams_base=base, google_base=base)
        return adapter_of(keys or KEYS[self.vendor], reach, renew=renew)

    @property
    def office(self) -> Office:
        desk = self.fake.control
        return {"zoom": desk.zoom, "teams": desk.teams, "meet": desk.google}[self.vendor]

    def tokens_asked(self) -> int:
        return self.fake.control.asked("POST", "token")

    def lose_creation(self) -> None:
        self.fake.control.drop_next(phase="after", method="POST", path=CREATES[self.vendor])


def wish(*, hours: float = 0, may_exist: bool = False, key: str = KEY, **more: object) -> Wish:
    starts_at = STARTS + timedelta(hours=hours)
    return Wish(
        key=key,
        starts_at=starts_at,
        ends_at=starts_at + timedelta(minutes=30),
        may_exist=may_exist,
        **more,  # type: ignore[arg-type]
    )
