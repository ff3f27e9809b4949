"""Ids and secrets made by the service itself."""

import re

from consulta.kernel.ids import new_request_id, new_secret


def test_request_ids_are_short_and_harmless_in_a_header() -> None:
    made = {new_request_id() for _ in range(1000)}
    assert len(made) == 1000
    assert all(re.fullmatch(r"[0-9a-f]{24}", one) for one in made)


def test_secrets_hold_256_bits_and_fit_a_url() -> None:
    made = {new_secret() for _ in range(1000)}
    assert len(made) == 1000
    assert all(re.fullmatch(r"[A-Za-z0-9_-]{43}", one) for one in made)
