"""Paths of recordings, of how long they are kept, and of files that we hand over ourselves."""

from fastapi import APIRouter

from consulta.features.recordings.router.files import router as files
from consulta.features.recordings.router.keeping import router as keeping
from consulta.features.recordings.router.recordings import router as recordings

router = APIRouter()
for part in (recordings, keeping, files):
    router.include_router(part)
