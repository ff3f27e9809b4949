"""The closed list of purposes is the same for the service and for the table."""

import re

from consulta.features.compliance.rules import MOST_CONSENTS, MOST_HISTORY, Purpose
from consulta.models import Consent
from consulta.platform.personal_data import MOST_ITEMS


def test_people_agree_to_what_the_table_knows() -> None:
    (check,) = (
        str(one.sqltext)
        for one in Consent.__table__.constraints  # type: ignore[attr-defined]
        if one.name == "ck_consents_purpose"
    )
    assert re.findall(r"'(\w+)'", check) == [purpose.value for purpose in Purpose]


def test_all_that_was_agreed_to_fits_into_an_export() -> None:
    assert MOST_HISTORY < MOST_CONSENTS <= MOST_ITEMS
