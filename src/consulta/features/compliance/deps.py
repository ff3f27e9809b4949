"""What the routes of compliance ask for."""

from typing import Annotated

from fastapi import Depends, Request

from consulta.features.compliance.flows import Custody
from consulta.platform.http.deps import ActorDep, DatabaseDep, VaultDep


async def _custody(
    request: Request, actor: ActorDep, database: DatabaseDep, vault: VaultDep
) -> Custody:
    state = request.app.state
    return Custody(
        database,
        state.identities,
        state.passwords,
        vault,
        state.personal_data,
        actor,
        state.cursor_key,
    )


CustodyDep = Annotated[Custody, Depends(_custody)]
