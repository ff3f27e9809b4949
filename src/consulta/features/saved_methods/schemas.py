"""Request and response bodies of saved methods."""

from typing import Annotated
from uuid import UUID

from pydantic import Field

from consulta.features.saved_methods.bodies import SavedMethodOut, saved_method_out
from consulta.platform.http.schema import Body, Text

__all__ = ["SandboxCard", "SavedMethodCreate", "SavedMethodOut", "saved_method_out"]


class SavedMethodCreate(Body):
    specialist_id: UUID = Field(description="Who may charge it.")


class SandboxCard(Body):
    payment_method: Annotated[Text, Field(max_length=100)] = Field(examples=["pm_sandbox_visa"])
