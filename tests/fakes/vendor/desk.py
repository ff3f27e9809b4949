"""The part of every control desk that is about the network and the post, not about money."""

from typing import Any

from tests.fakes.stripe.clock import Clock
from tests.fakes.stripe.faults import Fault, FaultBook, FaultKind, Phase
from tests.fakes.vendor.post import Letter, PostOffice, Transport


class NetworkDesk:
    """Faults narrowed down by `method` and `path`, a regular expression; letters by their id."""

    clock: Clock
    faults: FaultBook
    post: PostOffice
    requests: list[dict[str, Any]]

    def fail_next(
        self,
        times: int = 1,
        *,
        status: int = 500,
        executes: bool = False,
        headers: dict[str, str] | None = None,
        method: str | None = None,
        path: str | None = None,
    ) -> None:
        """The next requests are answered with this status; `executes`: it happened all the same."""
        phase = Phase.AFTER if executes else Phase.BEFORE
        self.faults.order(
            Fault(FaultKind.FAIL, phase, times, method, path, status=status, headers=headers or {})
        )

    def drop_next(
        self,
        times: int = 1,
        *,
        phase: str = "after",
        method: str | None = None,
        path: str | None = None,
    ) -> None:
        """The connection breaks without an answer: `after`, it happened; `before`, it did not."""
        self.faults.order(Fault(FaultKind.DROP, Phase(phase), times, method, path))

    def delay_next(
        self,
        seconds: float,
        *,
        times: int = 1,
        phase: str = "before",
        method: str | None = None,
        path: str | None = None,
    ) -> None:
        """Real seconds, `before` executing or `after` it."""
        self.faults.order(
            Fault(FaultKind.DELAY, Phase(phase), times, method, path, seconds=seconds)
        )

    def faults_pending(self) -> int:
        return self.faults.pending()

    def asked(self, method: str, path_ending: str = "") -> int:
        """How many requests of that kind came in."""
        return sum(
            one["method"] == method and one["path"].endswith(path_ending) for one in self.requests
        )

    def carry_letters(self, transport: Transport) -> None:
        """Letters reach their listener by this call instead of HTTP."""
        self.post.transport = transport

    def hold_letters(self) -> None:
        self.post.is_holding = True

    async def release_letters(self) -> None:
        self.post.release()
        await self.post.settled()

    def double_letters(self, copies: int = 2) -> None:
        """Each letter is delivered so many times from now on."""
        self.post.copies = copies

    def drop_letters(self, times: int = 1) -> None:
        """The next letters are lost; delivering them by hand still brings them."""
        self.post.to_drop += times

    def delay_letters(self, seconds: int) -> None:
        """Counted on the fake's clock, so that `advance` brings them."""
        self.post.delay_seconds = seconds

    def letters(self, state: str | None = None) -> list[dict[str, Any]]:
        return [one.as_dict() for one in self.post.letters.values() if state in (None, one.state)]

    async def deliver(self, letter_id: str) -> int:
        """One more attempt by hand."""
        letter: Letter = self.post.letters[letter_id]
        return await self.post.deliver(letter)

    async def settled(self) -> None:
        """Every letter that is due has been tried."""
        await self.post.settled()
