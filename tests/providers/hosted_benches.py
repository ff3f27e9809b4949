"""The benches of adapters whose payers pay at the provider's own page."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from consulta.providers.payments.paytabs import PayTabsProvider
from consulta.providers.payments.paytabs_translation import DUPLICATE_SECONDS
from consulta.providers.payments.port import Charge
from consulta.providers.payments.razorpay import RazorpayProvider
from tests.fakes.paytabs import running_fake_paytabs
from tests.fakes.razorpay import running_fake_razorpay
from tests.providers.payment_bench import Bench, Letter

RAZORPAY_WEBHOOK_SECRET = "webhook_bench"
PAYTABS_PROFILE, PAYTABS_KEY = 66455, "SBENCHKEY0-BENCHKEY00-BENCHKEY00"


class _Mailbox:
    """Keeps the letters that a fake sends."""

    def __init__(self) -> None:
        self.letters: list[Letter] = []

    async def keep(self, _url: str, body: bytes, headers: dict[str, str]) -> int:
        self.letters.append((body, headers))
        return 200

    def about(self, name: str | None) -> Letter:
        return next(letter for letter in self.letters if (name or "?").encode() in letter[0])


@asynccontextmanager
async def razorpay_bench() -> AsyncIterator[Bench]:
    async with running_fake_razorpay(
        key_id="rzp_test_bench",
        key_secret="bench",
        webhook_url="http://consulta.test/",
        webhook_secret=RAZORPAY_WEBHOOK_SECRET,
    ) as (fake, url):
        provider = RazorpayProvider(
            key_id="rzp_test_bench",
            key_secret="bench",
            webhook_secrets=[RAZORPAY_WEBHOOK_SECRET],
            api_base=url,
        )
        mailbox = _Mailbox()
        fake.control.carry_letters(mailbox.keep)

        async def present(reference: str, method: str) -> None:
            fake.control.pay(reference, method)

        async def dispute(reference: str) -> None:
            fake.control.dispute(reference)

        async def letter_about(charge: Charge) -> Letter:
            await fake.control.settled()
            return mailbox.about(charge.reference)

        yield Bench(
            provider,
            approved="4100280000001007",
            declined="4100280000060003",
            without_funds="4100280000080001",
            present=present,
            lose_next_reply=lambda: fake.control.drop_next(method="POST"),
            letter_about=letter_about,
            dispute=dispute,
        )
        await provider.close()


@asynccontextmanager
async def paytabs_bench() -> AsyncIterator[Bench]:
    async with running_fake_paytabs(profile_id=PAYTABS_PROFILE, server_key=PAYTABS_KEY) as (
        fake,
        url,
    ):
        provider = PayTabsProvider(
            profile_id=PAYTABS_PROFILE,
            server_key=PAYTABS_KEY,
            api_base=url,
            callback_url="https://consulta.test/api/webhooks/paytabs",
        )
        mailbox = _Mailbox()
        fake.control.carry_letters(mailbox.keep)

        async def present(reference: str, method: str) -> None:
            fake.control.pay(fake.control.pages(reference.partition("_")[0])[-1], method)

        async def letter_about(charge: Charge) -> Letter:
            await fake.control.settled()
            return mailbox.about(charge.payment_id)

        yield Bench(
            provider,
            approved="4111111111111111",
            declined="4000000000000002",
            without_funds="4012001036983332",
            present=present,
            lose_next_reply=lambda: fake.control.drop_next(path="/payment/request"),
            letter_about=letter_about,
            let_time_pass=lambda: fake.control.advance(DUPLICATE_SECONDS),
        )
        await provider.close()
