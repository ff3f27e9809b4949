"""What the routes of recordings ask for."""

from typing import Annotated

from fastapi import Depends, Request

from consulta.features.recordings.flows import Shelf


async def _shelf(request: Request) -> Shelf:
    shelf: Shelf = request.app.state.shelf
    return shelf


ShelfDep = Annotated[Shelf, Depends(_shelf)]
