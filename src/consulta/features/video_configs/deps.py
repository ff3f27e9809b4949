"""What the routes of video configs, and of meetings, ask for."""

from typing import Annotated

from fastapi import Depends, Request

from consulta.features.video_configs.flows import Studio


async def _studio(request: Request) -> Studio:
    studio: Studio = request.app.state.studio
    return studio


StudioDep = Annotated[Studio, Depends(_studio)]
