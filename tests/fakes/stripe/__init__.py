"""A stateful fake of Stripe, spoken to by the real SDK, that fails where Stripe fails.

`python -m tests.fakes.stripe --port 0` starts it; `running_fake_stripe` serves it inside a test.
Not here: anything that the product itself runs.
"""

from tests.fakes.stripe.control import Control
from tests.fakes.stripe.refusals import Refused
from tests.fakes.stripe.running import running_fake_stripe
from tests.fakes.stripe.service import FakeStripe
from tests.fakes.stripe.states import MOVES, Action, Status

__all__ = [
    "MOVES",
    "Action",
    "Control",
    "FakeStripe",
    "Refused",
    "Status",
    "running_fake_stripe",
]
