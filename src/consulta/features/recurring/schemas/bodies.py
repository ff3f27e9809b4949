"""What somebody says about a series."""

from typing import Annotated, Any
from uuid import UUID

from pydantic import Field

from consulta.features.recurring.schemas.words import Frequency, LocalTime, Note, PaymentMode
from consulta.platform.http.schema import Blankable, Body, Day, shown_as

_ID = "01a1f860-a7b8-7c0f-8d1f-1a923acf6111"


class SeriesCreate(Body):
    """Which sessions are wanted, at the specialist's wall clock time. A monthly series keeps the
    day of its first date; shorter months have it on their last.
    """

    model_config = shown_as(
        specialist_id=_ID,
        rate_id=_ID,
        frequency="weekly",
        start_date="2027-03-01",
        local_time="10:00",
        dry_run=True,
    )

    specialist_id: UUID
    rate_id: UUID
    frequency: Frequency
    start_date: Day
    end_date: Annotated[Day | None, Blankable] = None
    local_time: LocalTime = "10:00"
    payment_mode: PaymentMode = "per_session"
    package_purchase_id: Annotated[UUID | None, Blankable] = Field(
        None, description="Whose credits pay, with the payment mode `package`."
    )
    saved_method_id: Annotated[UUID | None, Blankable] = Field(
        None,
        description="The saved card that pays, with the payment mode `saved_card`; without one"
        " another begins to be saved.",
    )
    client_id: Annotated[UUID | None, Blankable] = Field(
        None, description="Only a specialist asking for a client, or an admin, names one."
    )
    note: Annotated[Note | None, Blankable] = None
    dry_run: bool = Field(False, description="Answer 200 with the dates ahead, and write nothing.")


class SeriesPatch(Body):
    """What changes, for the dates that have no booking yet. Null clears `end_date` and `note`, and
    leaves the rest as it is. With another frequency the next date stays, and the rhythm counts
    from it.
    """

    model_config = shown_as(local_time="11:00", dry_run=True)

    revision: int | None = Field(
        None,
        ge=0,
        lt=2**31,
        description="Refuse where the series has changed since this revision.",
    )
    rate_id: Annotated[UUID | None, Blankable] = None
    frequency: Frequency | None = None
    local_time: Annotated[LocalTime | None, Blankable] = None
    end_date: Annotated[Day | None, Blankable] = None
    payment_mode: PaymentMode | None = None
    package_purchase_id: Annotated[UUID | None, Blankable] = None
    saved_method_id: Annotated[UUID | None, Blankable] = Field(
        None,
        description="Sessions that wait to be paid with the former card take this one.",
    )
    note: Annotated[Note | None, Blankable] = None
    dry_run: bool = Field(False, description="Answer the dates ahead, and write nothing.")

    def changes(self) -> dict[str, Any]:
        """Field by field what was sent and means something."""
        sent = self.model_dump(mode="json", exclude_unset=True, exclude={"revision", "dry_run"})
        return {
            name: value
            for name, value in sent.items()
            if value is not None or name in {"end_date", "note"}
        }
