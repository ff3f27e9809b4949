"""Saving a method in the sandbox: which names can be saved, and where that is remembered.

A saved name does later what it always does: 3-D Secure is refused while its payer is away.
"""

from collections.abc import Callable
from typing import Any

from consulta.providers.payments.port import (
    ChargeRefused,
    ChargeStateConflict,
    NextAction,
    ProviderUnavailable,
    Setup,
    SetupState,
)
from consulta.providers.payments.sandbox_charge import DECLINED
from consulta.providers.payments.sandbox_store import SandboxStore, State

KIND = "setup"
"""Tells a set-up from a charge in the store that keeps both."""

_ATTEMPTS_MAX = 50


class SandboxSetups:
    """Set-ups, kept beside the charges. `secret_of` signs what a browser may act on."""

    def __init__(
        self,
        *,
        store: SandboxStore,
        clock: Callable[[], float],
        secret_of: Callable[[str], str],
    ) -> None:
        self._store = store
        self._clock = clock
        self._secret_of = secret_of

    async def begin(self, reference: str, *, method_id: str) -> Setup:
        """The set-up of that name, which is made where there is none."""
        new = {
            "reference": reference,
            "payment_id": method_id,
            "created_at": self._clock(),
            "kind": KIND,
            "version": 1,
            "status": SetupState.PENDING.value,
            "method": None,
            "error_code": None,
        }
        if await self._store.save(reference, new, expected_version=0):
            return self._told(new)
        return await self.fetch(reference)

    async def fetch(self, reference: str) -> Setup:
        """As it stands. Raises `ChargeRefused` for an unknown reference."""
        return self._told(await self._state(reference))

    async def present(self, reference: str, method: str) -> Setup:
        """The payer's browser presents a method; a refused one leaves the set-up waiting."""
        status, error = SetupState.READY, None
        if method == DECLINED:
            status, error = SetupState.PENDING, "card_declined"
        return await self._change(reference, status=status.value, method=method, error_code=error)

    async def forget(self, reference: str) -> None:
        """Nothing can be saved there any more, and what was saved is forgotten."""
        await self._change(reference, status=SetupState.FAILED.value, method=None, error_code=None)

    async def _change(self, reference: str, **changes: Any) -> Setup:
        for _ in range(_ATTEMPTS_MAX):
            state = await self._state(reference)
            if state["status"] == changes["status"] == SetupState.FAILED.value:
                return self._told(state)
            if state["status"] != SetupState.PENDING.value and changes["method"] is not None:
                raise ChargeStateConflict(reason="setup_unexpected_state")
            version = state["version"]
            state |= changes | {"version": version + 1}
            if await self._store.save(reference, state, expected_version=version):
                return self._told(state)
        raise ProviderUnavailable("Too many others are changing this set-up.")

    async def _state(self, reference: str) -> State:
        state = await self._store.load(reference)
        if state is None or state.get("kind") != KIND:
            raise ChargeRefused("There is no such set-up.", reason="resource_missing")
        return state

    def _told(self, state: State) -> Setup:
        status = SetupState(state["status"])
        is_pending = status is SetupState.PENDING
        secret = self._secret_of(state["reference"])
        return Setup(
            reference=state["reference"],
            state=status,
            customer_reference=state["reference"],
            method_reference=state["method"] if status is SetupState.READY else None,
            label=f"Sandbox {state['method'].removeprefix('pm_sandbox_')}"
            if status is SetupState.READY
            else None,
            next_action=NextAction("client_secret", client_secret=secret) if is_pending else None,
            error_code=state["error_code"] if is_pending else None,
        )
