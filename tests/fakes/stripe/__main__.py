"""The fake as a server of its own: prints its base URL, and runs until it is told to stop."""

import argparse
import asyncio
import signal

from tests.fakes.stripe.running import running_fake_stripe


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.fakes.stripe", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--webhook-url", help="gets every event of every account")
    parser.add_argument("--webhook-secret", default="whsec_fake")
    arguments = parser.parse_args()
    asyncio.run(
        _run(
            port=arguments.port,
            webhook_url=arguments.webhook_url,
            webhook_secret=arguments.webhook_secret,
        )
    )


async def _run(*, port: int, webhook_url: str | None, webhook_secret: str) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    async with running_fake_stripe(
        port=port, webhook_url=webhook_url, webhook_secret=webhook_secret
    ) as (_, base_url):
        print(base_url, flush=True)
        await stop.wait()


if __name__ == "__main__":
    main()
