"""The fake as a server of its own."""

from tests.fakes.razorpay.running import running_fake_razorpay
from tests.fakes.vendor.main import main

if __name__ == "__main__":
    main(
        "razorpay",
        running_fake_razorpay,
        options={"key_id": "rzp_test_fake", "key_secret": "secret_fake", "webhook_url": "",
                 "webhook_secret": "webhook_fake"},
    )  # fmt: skip
