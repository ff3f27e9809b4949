"""FakeStripe: the machine behind an asynchronous door, with faults, hooks and letters."""

import asyncio
import inspect
import time
from collections.abc import Awaitable, Callable

from starlette.applications import Starlette

from tests.fakes.stripe.clock import Clock
from tests.fakes.stripe.control import Control
from tests.fakes.stripe.faults import Fault, FaultKind, Phase
from tests.fakes.stripe.idempotency import Reply
from tests.fakes.stripe.log import LoggedRequest
from tests.fakes.stripe.machine import Machine, Request, Ticket
from tests.fakes.stripe.refusals import Refused
from tests.fakes.stripe.serve import ConnectionDropped
from tests.fakes.stripe.web import make_app
from tests.fakes.stripe.webhooks import Mode, Webhooks

Hook = Callable[[str, str], Awaitable[None] | None]
"""Called with an operation's name and `before` or `after`."""


class FakeStripe:
    """A Stripe of one's own. `app` speaks HTTP, `control` moves what a client cannot move.

    `clock` may be the clock of the application under test; `on_event` is called before and after
    each request that is really executed (never for a replay), and may kill whom it likes. Where
    it raises `ConnectionDropped`, the request gets no answer, and before, it has no effect either.
    """

    def __init__(
        self,
        *,
        clock: Callable[[], float] = time.time,
        on_event: Hook | None = None,
    ) -> None:
        self.clock = Clock(clock)
        self.webhooks = Webhooks(self.clock)
        self.machine = Machine(clock=self.clock, publish=self.webhooks.publish)
        self.on_event = on_event
        self.control = Control(self.machine, self.webhooks)
        self.app: Starlette = make_app(self.machine, self.control, answer=self.answer)

    async def answer(self, request: Request) -> Reply | None:
        """The reply, or nothing where the connection is to be dropped without one."""
        entry = self.machine.note(request)
        try:
            reply = await self._answer(request, entry)
        except Refused as refusal:
            entry.outcome = "refused"
            reply = self.machine.reply_to(refusal, entry)
        except ConnectionDropped:
            reply = None
        if reply is None:
            entry.outcome = "dropped"
            return None
        entry.status = reply.status
        return reply

    async def close(self) -> None:
        await self.webhooks.close()

    async def _answer(self, request: Request, entry: LoggedRequest) -> Reply | None:
        ticket = self.machine.admit(request, entry)
        if self._strikes(ticket, FaultKind.DROP, Phase.BEFORE):
            return None
        fault = self._take(ticket, FaultKind.FAIL, Phase.BEFORE)
        if fault is not None:
            entry.outcome = "failed"
            reply = self.machine.reply_to(fault.refusal(), entry)
            if fault.stored:
                self.machine.store_failure(ticket, reply)
            return reply
        replay = self.machine.begin(ticket)
        if replay is not None:
            entry.outcome = "replayed"
            return await self._send_back(ticket, replay)
        reply = await self._execute(ticket)
        return await self._send_back(ticket, reply)

    async def _execute(self, ticket: Ticket) -> Reply:
        """While this waits, the key is in use. Where it breaks off, the key is free again."""
        began = False
        try:
            await self._wait(ticket, Phase.BEFORE)
            await self._call_hook(ticket, "before")
            reply = self.machine.execute(ticket)
            began = True
        finally:
            if not began and ticket.key is not None:
                self.machine.store.abandon(ticket.key)
        ticket.entry.outcome = "executed"
        await self._call_hook(ticket, "after")
        if self.webhooks.mode is Mode.BEFORE_REPLY:
            await self.webhooks.deliver_due()
        else:
            self.webhooks.kick()
        return reply

    async def _send_back(self, ticket: Ticket, reply: Reply) -> Reply | None:
        """What happens to an answer, given for the first time or replayed, on its way back."""
        fault = self._take(ticket, FaultKind.FAIL, Phase.AFTER)
        if fault is not None:
            ticket.entry.outcome = "failed"
            reply = self.machine.reply_to(fault.refusal(), ticket.entry)
            if fault.stored and ticket.key is not None:
                self.machine.store.abandon(ticket.key)
                self.machine.store_failure(ticket, reply)
        await self._wait(ticket, Phase.AFTER)
        return None if self._strikes(ticket, FaultKind.DROP, Phase.AFTER) else reply

    async def _call_hook(self, ticket: Ticket, phase: str) -> None:
        if self.on_event is not None:
            waiting = self.on_event(ticket.operation.name, phase)
            if inspect.isawaitable(waiting):
                await waiting

    async def _wait(self, ticket: Ticket, phase: Phase) -> None:
        fault = self._take(ticket, FaultKind.DELAY, phase)
        if fault is not None:
            await asyncio.sleep(fault.seconds)

    def _strikes(self, ticket: Ticket, kind: FaultKind, phase: Phase) -> bool:
        return self._take(ticket, kind, phase) is not None

    def _take(self, ticket: Ticket, kind: FaultKind, phase: Phase) -> Fault | None:
        request = ticket.request
        return self.machine.faults.take(kind, phase, method=request.method, path=request.path)
