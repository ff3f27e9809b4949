"""How the sandbox makes a move once for a key, however many replicas try at the same time."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from consulta.providers.payments.port import (
    Charge,
    ChargeRefused,
    ChargeStateConflict,
    ProviderUnavailable,
)
from consulta.providers.payments.sandbox_charge import SandboxCharge
from consulta.providers.payments.sandbox_store import SandboxStore, State

Move = Callable[[SandboxCharge, float], None]
"""Moves a charge at a moment (Unix seconds), or refuses with `ChargeRefused`."""

_ATTEMPTS_MAX = 50


class SandboxLedger:
    """Reads and moves charges; `tell` puts a charge in the port's words."""

    def __init__(
        self,
        *,
        store: SandboxStore,
        clock: Callable[[], float],
        tell: Callable[[SandboxCharge], Charge],
    ) -> None:
        self._store = store
        self._clock = clock
        self._tell = tell

    async def charge(self, reference: str) -> SandboxCharge:
        """The charge as it stands now. Raises `ChargeRefused` for an unknown reference."""
        return self.aged(await self._kept(reference))

    def aged(self, state: State) -> SandboxCharge:
        """The kept charge, with all that has happened to it by itself since."""
        charge = SandboxCharge.from_state(state)
        charge.pass_time(now=self._moment(state))
        return charge

    def _moment(self, state: State) -> float:
        age = state.get("age")
        return self._clock() if age is None else float(state["created_at"]) + float(age)

    async def move(self, reference: str, move: Move) -> Charge:
        """The charge after the move. A refusal is raised with the charge as that left it."""
        return await self._moved(reference, move, key=None, asked={}, new=None)

    async def move_once(
        self,
        reference: str,
        move: Move,
        *,
        key: str,
        asked: dict[str, Any],
        new: SandboxCharge | None = None,
    ) -> Charge:
        """As `move`, once for this key: the same request again gets the same answer, be it a
        refusal, and another request under this key is refused. Keys are remembered by charge.
        """
        return await self._moved(reference, move, key=key, asked=asked, new=new)

    async def _moved(
        self,
        reference: str,
        move: Move,
        *,
        key: str | None,
        asked: dict[str, Any],
        new: SandboxCharge | None,
    ) -> Charge:
        for attempt in range(_ATTEMPTS_MAX):
            # A new charge is nearly always really new: it is written before anything is read.
            if attempt == 0 and new is not None:
                charge, now = replace(new, operations={}), self._clock()
            else:
                charge, now = await self._charge_or(new, reference=reference)
            known = charge.operations.get(key) if key else None
            if known is not None:
                return self._answer(known, asked=asked)
            operation = self._made(move, charge=charge, asked=asked, now=now)
            if key is not None:
                charge.remember(key, operation)
            version = charge.version
            charge.version = version + 1
            state = charge.as_state()
            if await self._store.save(reference, state, expected_version=version):
                return self._answer(operation, asked=asked)
        raise ProviderUnavailable("Too many others are moving this charge.")

    async def _charge_or(
        self, new: SandboxCharge | None, *, reference: str
    ) -> tuple[SandboxCharge, float]:
        """The charge and the moment at which it stands so."""
        if new is None:
            state: State | None = await self._kept(reference)
        else:
            state = await self._store.load(reference)
        if state is not None:
            return self.aged(state), self._moment(state)
        assert new is not None, "what is not new is kept"
        return replace(new, operations={}), self._clock()

    async def _kept(self, reference: str) -> State:
        state = await self._store.load(reference)
        if state is None or "amount_minor" not in state:
            raise ChargeRefused("There is no such charge.", reason="resource_missing")
        return state

    def _made(
        self, move: Move, *, charge: SandboxCharge, asked: dict[str, Any], now: float
    ) -> dict[str, Any]:
        refusal: dict[str, Any] | None = None
        try:
            move(charge, now)
        except ChargeRefused as error:
            refusal = {
                "reason": error.reason,
                "decline_code": error.decline_code,
                "conflict": isinstance(error, ChargeStateConflict),
            }
        return {"asked": asked, "refusal": refusal, "snapshot": charge.as_snapshot()}

    def _answer(self, operation: Mapping[str, Any], *, asked: dict[str, Any]) -> Charge:
        if operation["asked"] != asked:
            raise ChargeRefused(
                "This key was used for another request.", reason="idempotency_mismatch"
            )
        charge = self._tell(SandboxCharge.from_state(operation["snapshot"]))
        refusal = operation["refusal"]
        if refusal is None:
            return charge
        kind = ChargeStateConflict if refusal["conflict"] else ChargeRefused
        raise kind(reason=refusal["reason"], decline_code=refusal["decline_code"], charge=charge)
