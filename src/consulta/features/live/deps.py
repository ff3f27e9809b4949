"""What the route of live events asks for."""

from typing import Annotated

from fastapi import Depends, Request

from consulta.features.live.flows import Feed


async def _feed(request: Request) -> Feed:
    feed: Feed = request.app.state.feed
    return feed


FeedDep = Annotated[Feed, Depends(_feed)]
