"""The fake without HTTP: books, keys, idempotency and the log, and how one request is carried out.

All of it is synchronous, so that one request happens at once and nothing comes between.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass

from tests.fakes.stripe.book import Book, new_id
from tests.fakes.stripe.clock import Clock
from tests.fakes.stripe.desk import Desk
from tests.fakes.stripe.expansion import check, expanded
from tests.fakes.stripe.faults import FaultBook
from tests.fakes.stripe.forms import Pairs, decoded, pairs_of
from tests.fakes.stripe.idempotency import IdempotencyStore, Key, Reply, fingerprint
from tests.fakes.stripe.keys import Keys
from tests.fakes.stripe.log import LoggedRequest, RequestLog
from tests.fakes.stripe.operations import Operation, operation_for
from tests.fakes.stripe.refusals import Json, Refused


@dataclass(frozen=True, slots=True)
class Request:
    method: str
    path: str
    encoded: bytes = b""
    """The form: the body of a POST, the query of a GET."""
    api_key: str | None = None
    account: str | None = None
    idempotency_key: str | None = None
    api_version: str | None = None


@dataclass(frozen=True, slots=True)
class Ticket:
    """A request that was let in and may now be executed."""

    request: Request
    entry: LoggedRequest
    book: Book
    operation: Operation
    ids: dict[str, str]
    pairs: Pairs
    key: Key | None
    """Nothing for a request that carries no idempotency key."""


class Machine:
    def __init__(self, *, clock: Clock, publish: Callable[[Book, Json], None]) -> None:
        self.clock, self._publish = clock, publish
        self.base_url = ""
        self.reset()

    def reset(self) -> None:
        """Everything is forgotten but the clock."""
        self.keys, self.store = Keys(), IdempotencyStore()
        self.log, self.faults = RequestLog(), FaultBook()

    def find(self, kind: str, reference: str) -> tuple[Book, Json]:
        """The object with this id, whoever's it is. Raises `LookupError` where there is none."""
        for book in self.keys.books():
            thing = book.look_up(kind, reference)
            if thing is not None:
                return book, thing
        raise LookupError(f"no {kind} has the id {reference}")

    def note(self, request: Request) -> LoggedRequest:
        return self.log.add(
            LoggedRequest(
                request_id=new_id("req"),
                at=self.clock.now(),
                method=request.method,
                path=request.path,
                key_last4=(request.api_key or "")[-4:],
                account=request.account,
                idempotency_key=request.idempotency_key,
                api_version=request.api_version,
            )
        )

    def admit(self, request: Request, entry: LoggedRequest) -> Ticket:
        """Key, path and form are in order. Raises `Refused` otherwise."""
        book = self.keys.secret_book(request.api_key, account=request.account)
        operation, ids = operation_for(request.method, request.path)
        entry.operation = operation.name
        pairs = pairs_of(request.encoded)
        entry.params = pairs
        key: Key | None = None
        if request.method == "POST" and request.idempotency_key:
            key = (book.account, book.livemode, request.idempotency_key)
        return Ticket(request, entry, book, operation, ids, pairs, key)

    def begin(self, ticket: Ticket) -> Reply | None:
        """A replay where the key has been answered; else the key is taken for this request."""
        if ticket.key is None:
            return None
        found = self.store.begin(
            ticket.key,
            fingerprint=self._fingerprint(ticket),
            now=self.clock.now(),
            request_id=ticket.entry.request_id,
        )
        if found is None or found.reply is None:
            return None
        reply = found.reply
        headers = (
            *(header for header in reply.headers if header[0] != "request-id"),
            ("request-id", ticket.entry.request_id),
            ("original-request", found.request_id),
            ("idempotent-replayed", "true"),
        )
        return Reply(reply.status, reply.body, headers)

    def execute(self, ticket: Ticket) -> Reply:
        """The operation happened or was refused, and the key holds the answer where Stripe would
        keep it. Any other exception leaves the key free.
        """
        try:
            return self._executed(ticket)
        except Refused as refusal:
            reply = self.reply_to(refusal, ticket.entry)
            if ticket.key is not None:
                if refusal.stored:
                    self.store.finish(ticket.key, reply)
                else:
                    self.store.abandon(ticket.key)
            return reply

    def _executed(self, ticket: Ticket) -> Reply:
        params = ticket.operation.schema.read(decoded(ticket.pairs))
        expand = params.pop("expand", [])
        check(ticket.operation.kind, expand, of_list=ticket.operation.name.endswith(".list"))
        answer = ticket.operation.handler(self.desk(ticket.book, ticket), params, **ticket.ids)
        if ticket.operation.name == "accounts.create":
            self.keys.connect(ticket.request.api_key or "", answer["id"])
        reply = self._reply(200, expanded(ticket.book, answer, expand), ticket.entry)
        if ticket.key is not None:
            self.store.finish(ticket.key, reply)
        return reply

    def store_failure(self, ticket: Ticket, reply: Reply) -> None:
        """This answer, and no other, from now on for this key."""
        if ticket.key is not None:
            self.store.store(
                ticket.key,
                reply,
                fingerprint=self._fingerprint(ticket),
                now=self.clock.now(),
                request_id=ticket.entry.request_id,
            )

    def desk(self, book: Book, ticket: Ticket | None = None) -> Desk:
        """A desk for a request, or for what happens by itself."""
        return Desk(
            book=book,
            clock=self.clock,
            publish=self._publish,
            base_url=self.base_url,
            request_id=ticket.entry.request_id if ticket else None,
            idempotency_key=ticket.request.idempotency_key if ticket else None,
        )

    def reply_to(self, refusal: Refused, entry: LoggedRequest) -> Reply:
        return self._reply(refusal.status, refusal.body(), entry, headers=refusal.headers)

    def _reply(
        self,
        status: int,
        body: Json,
        entry: LoggedRequest,
        *,
        headers: dict[str, str] | None = None,
    ) -> Reply:
        return Reply(
            status,
            json.dumps(body, indent=2).encode(),
            (
                ("content-type", "application/json"),
                ("request-id", entry.request_id),
                *(headers or {}).items(),
            ),
        )

    def _fingerprint(self, ticket: Ticket) -> str:
        return fingerprint(ticket.request.method, ticket.request.path, ticket.pairs)
