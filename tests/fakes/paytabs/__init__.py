"""A stateful fake of PayTabs (PT2): hosted pages, follow-up transactions, queries, signed letters.

`python -m tests.fakes.paytabs --port 0` starts it; `running_fake_paytabs` serves it in a test.
Not here: anything that the product itself runs.
"""

from tests.fakes.paytabs.running import FakePayTabs, running_fake_paytabs

__all__ = ["FakePayTabs", "running_fake_paytabs"]
