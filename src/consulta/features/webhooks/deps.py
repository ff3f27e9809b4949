"""What the webhook routes ask for."""

from typing import Annotated

from fastapi import Depends, Request

from consulta.features.webhooks.flows import LetterBox


async def _letter_box(request: Request) -> LetterBox:
    box: LetterBox = request.app.state.letter_box
    return box


LetterBoxDep = Annotated[LetterBox, Depends(_letter_box)]
