"""What is told outside of the house: known topics, and ids alone."""

from uuid import uuid4

from consulta.kernel.topics import PUBLIC_TOPICS, public_ids
from consulta.wiring import TOPICS


def test_only_ids_that_are_public_and_are_ids_are_told() -> None:
    booking, client = uuid4(), uuid4()

    told = public_ids(
        {
            "booking_id": str(booking),
            "client_id": str(client).upper(),
            "specialist_id": "nobody",
            "series_id": 7,
            "payment_id": None,
            "user_id": str(client),
            "reason": "a private word",
        }
    )

    assert told == {"booking_id": str(booking), "client_id": str(client)}


def test_every_public_topic_is_sent_by_somebody() -> None:
    assert set(PUBLIC_TOPICS) <= set(TOPICS)
    assert len(set(PUBLIC_TOPICS)) == len(PUBLIC_TOPICS)
