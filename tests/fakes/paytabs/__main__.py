"""The fake as a server of its own."""

from tests.fakes.paytabs.running import running_fake_paytabs
from tests.fakes.vendor.main import main

if __name__ == "__main__":
    main(
        "paytabs",
        running_fake_paytabs,
        options={"profile_id": "66455", "server_key": "SFAKEKEY00-FAKEKEY000-FAKEKEY000"},
    )
