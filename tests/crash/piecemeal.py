"""The sound service whose dispatcher takes the calendars one by one, so that a run has several
batches where few series are due, in an order that repeats itself.
"""

from fastapi import FastAPI

from consulta.features.recurring import jobs
from consulta.serving import application as whole_application

FACTORY = "tests.crash.piecemeal:application"


def application() -> FastAPI:
    """The product, with one lane and one calendar in a batch."""
    for name in ("LANES", "_FIRST_BATCH", "_SMALLEST_BATCH", "_LARGEST_BATCH"):
        assert hasattr(jobs, name), name
        setattr(jobs, name, 1)
    return whole_application()
