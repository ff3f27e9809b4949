"""What the people of the wall's little world were told, and what they want to hear."""

from collections.abc import Iterator

from tests.rls.law import Row
from tests.rls.making import BOOKINGS, ID, one_each
from tests.rls.people import PEOPLE, uid


def notifications() -> Iterator[Row]:
    for label, specialist, client, _ in BOOKINGS:
        for recipient in (specialist, client):
            yield Row(
                f"news of {label} for {recipient}",
                {
                    "id": uid(f"news of {label} for {recipient}"),
                    "recipient_id": uid(recipient),
                    "kind": "booking_confirmed",
                    "event_key": f"booking_confirmed:{uid(label)}",
                    "specialist_id": uid(specialist),
                    "client_id": uid(client),
                    "booking_id": uid(label),
                },
                owner=recipient,
            )


def preferences() -> tuple[Row, ...]:
    return one_each(PEOPLE, user_id=ID, series=False)
