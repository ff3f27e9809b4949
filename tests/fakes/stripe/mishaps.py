"""Control of faults: the next requests fail, come late, or lose their answer."""

from tests.fakes.stripe.faults import Fault, FaultKind, Phase
from tests.fakes.stripe.machine import Machine
from tests.fakes.stripe.refusals import Json

USUAL_ERRORS: dict[int, Json] = {
    409: {
        "type": "invalid_request_error",
        "code": "idempotency_key_in_use",
        "message": "There is currently another in-progress request using this Idempotent Key.",
    },
    429: {
        "type": "invalid_request_error",
        "code": "rate_limit",
        "message": "Request rate limit exceeded. Learn more about rate limits "
        "https://stripe.com/docs/rate-limits.",
    },
}
UNKNOWN_ERROR: Json = {
    "type": "api_error",
    "message": "An unknown error occurred",
}


class FaultControl:
    """`method` and `path` (a regular expression) narrow down which requests are meant."""

    machine: Machine

    def fail_next(
        self,
        times: int = 1,
        *,
        status: int = 500,
        kind: str | None = None,
        code: str | None = None,
        message: str | None = None,
        headers: dict[str, str] | None = None,
        should_retry: bool | None = None,
        stored: bool = False,
        executes: bool = False,
        method: str | None = None,
        path: str | None = None,
    ) -> None:
        """The next requests are answered with this error.

        `kind` is the error's type. `stored` keeps the error under the idempotency key, so that it
        comes again. `executes` lets the request happen all the same: unless stored, the true
        answer then waits under the key. `should_retry` sets `Stripe-Should-Retry`.
        """
        error = {**USUAL_ERRORS.get(status, UNKNOWN_ERROR)}
        given = {"type": kind, "code": code, "message": message}
        error |= {name: text for name, text in given.items() if text is not None}
        all_headers = dict(headers or {})
        if should_retry is not None:
            all_headers["stripe-should-retry"] = "true" if should_retry else "false"
        fault = Fault(
            FaultKind.FAIL,
            Phase.AFTER if executes else Phase.BEFORE,
            times,
            method,
            path,
            status=status,
            error=error,
            headers=all_headers,
            stored=stored,
        )
        self.machine.faults.order(fault)

    def delay_next(
        self,
        seconds: float,
        *,
        times: int = 1,
        phase: str = "before",
        method: str | None = None,
        path: str | None = None,
    ) -> None:
        """Real seconds, `before` executing (the key is in use meanwhile) or `after` it."""
        self.machine.faults.order(
            Fault(FaultKind.DELAY, Phase(phase), times, method, path, seconds=seconds)
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
        self.machine.faults.order(Fault(FaultKind.DROP, Phase(phase), times, method, path))

    def faults_pending(self) -> int:
        """How many requests will still be struck."""
        return self.machine.faults.pending()

    def clear_faults(self) -> None:
        self.machine.faults.clear()
