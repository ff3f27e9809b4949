"""A stateful fake of Razorpay: orders, payments, refunds, disputes and signed letters.

`python -m tests.fakes.razorpay --port 0` starts it; `running_fake_razorpay` serves it in a test.
Not here: anything that the product itself runs.
"""

from tests.fakes.razorpay.running import FakeRazorpay, running_fake_razorpay

__all__ = ["FakeRazorpay", "running_fake_razorpay"]
