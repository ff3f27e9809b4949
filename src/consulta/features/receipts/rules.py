"""How a receipt is named, and which pictures it may show."""

import re
from datetime import datetime
from zoneinfo import ZoneInfo

_PICTURE = re.compile(r"https://[A-Za-z0-9.-]+(?::[0-9]{1,5})?(?=/|$)")


def receipt_reference(number: int, *, issued_at: datetime, time_zone: str) -> str:
    """The number as it is written, after the year at the specialist's clock: `2026-000123`. The
    number alone names the receipt: it runs on over the years.
    """
    return f"{issued_at.astimezone(ZoneInfo(time_zone)).year}-{number:06d}"


def picture_origin(url: str | None) -> str | None:
    """The origin that a picture is loaded from; None for whatever is no plain https address."""
    found = _PICTURE.match(url) if url else None
    return found.group() if found else None
