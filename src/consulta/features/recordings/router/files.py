"""Files behind links of our own: the signature in the address is the lock."""

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Path, Request
from fastapi.responses import FileResponse
from starlette.responses import Response

from consulta.features.recordings import errors, flows, rules
from consulta.features.recordings.deps import ShelfDep
from consulta.platform.auth.guards import PUBLIC
from consulta.platform.http.deps import ActorDep
from consulta.platform.http.problems import ALWAYS, problems
from consulta.providers.storage.port import (
    FileIncomplete,
    FileIsThere,
    FileLinkExpired,
    FileLinkInvalid,
    StorageUnavailable,
)

router = APIRouter(prefix="/files", tags=["recordings"])

Token = Annotated[str, Path(max_length=1000)]
_LINK = (FileLinkInvalid, FileLinkExpired, errors.RecordingNotFound, StorageUnavailable)
_BYTES = {"schema": {"type": "string", "format": "binary"}}


@router.get(
    "/{token}",
    response_class=Response,
    dependencies=[PUBLIC],
    summary="Fetch the file behind a link",
    responses={
        200: {"content": {"application/octet-stream": _BYTES}},
        206: {"description": "A part of it (`Range`)"},
        **problems(*ALWAYS, *_LINK, errors.RecordingNotReady, errors.RecordingDeleted),
    },
)
async def fetch(token: Token, request: Request, actor: ActorDep, shelf: ShelfDep) -> FileResponse:
    """Who shows a token must be the one to whom the link was given. A `Range` that names one part
    of the file is followed.
    """
    file = await flows.hand_over(shelf, actor, token)
    wanted = request.headers.get("range", "")
    if not rules.is_usable_range(wanted, size_bytes=file.size_bytes):
        headers = request.scope["headers"]
        request.scope["headers"] = [one for one in headers if one[0] != b"range"]
    return FileResponse(file.path, filename=file.filename, media_type=file.media_type)


@router.put(
    "/{token}",
    status_code=204,
    response_class=Response,
    dependencies=[PUBLIC],
    summary="Bring the file that was announced",
    openapi_extra={
        "requestBody": {"required": True, "content": {"application/octet-stream": _BYTES}}
    },
    responses=problems(*ALWAYS, *_LINK, errors.RecordingNotUploading, FileIncomplete, FileIsThere),
)
async def bring(token: Token, request: Request, actor: ActorDep, shelf: ShelfDep) -> Response:
    """Exactly as many bytes as were announced."""
    await flows.accept(shelf, actor, token, _pieces(request))
    return Response(status_code=204)


async def _pieces(request: Request) -> AsyncIterator[bytes]:
    async for piece in request.stream():
        yield piece
