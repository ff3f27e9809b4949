"""Money in minor units of an ISO 4217 currency: whole numbers, never a float (D7)."""

from dataclasses import dataclass
from typing import Self

# ISO 4217 currencies whose minor unit is not the hundredth.
_WHOLE = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF"
_THOUSANDTHS = "BHD IQD JOD KWD LYD OMR TND"
_EXPONENTS = dict.fromkeys(_WHOLE.split(), 0) | dict.fromkeys(_THOUSANDTHS.split(), 3)


def exponent_of(currency: str) -> int:
    """How many decimal places the currency's minor unit has: 0 for JPY, 2 for USD, 3 for BHD."""
    return _EXPONENTS.get(currency, 2)


@dataclass(frozen=True, slots=True, order=False)
class Money:
    """An amount of one currency. Arithmetic across currencies is a ValueError."""

    amount_minor: int
    currency: str

    def __post_init__(self) -> None:
        if len(self.currency) != 3 or not (self.currency.isascii() and self.currency.isupper()):
            raise ValueError("a currency is three capital letters")

    @classmethod
    def zero(cls, currency: str) -> Self:
        return cls(0, currency)

    def __add__(self, other: "Money") -> "Money":
        return Money(self.amount_minor + self._same(other).amount_minor, self.currency)

    def __sub__(self, other: "Money") -> "Money":
        return Money(self.amount_minor - self._same(other).amount_minor, self.currency)

    def __bool__(self) -> bool:
        return self.amount_minor != 0

    def share(self, percent: int) -> "Money":
        """That percentage of a non-negative amount, rounded half up to the minor unit."""
        if not 0 <= percent <= 100:
            raise ValueError("a share is between 0 and 100 percent")
        return Money((self.amount_minor * percent + 50) // 100, self.currency)

    def split(self, percent: int) -> tuple["Money", "Money"]:
        """A share and the rest; together they are the whole, to the minor unit."""
        part = self.share(percent)
        return part, self - part

    def _same(self, other: "Money") -> "Money":
        if other.currency != self.currency:
            raise ValueError("amounts of different currencies do not add up")
        return other

    def __str__(self) -> str:
        places = exponent_of(self.currency)
        if places == 0:
            return f"{self.amount_minor} {self.currency}"
        sign = "-" if self.amount_minor < 0 else ""
        whole, part = divmod(abs(self.amount_minor), 10**places)
        return f"{sign}{whole}.{part:0{places}d} {self.currency}"
