"""Letters: words of a language in a table, and two layouts (text and HTML) that all of them share.

A folder holds `letter.txt`, `letter.html` and one `<language>.toml` for each language. A language
is added by adding its file.
"""

import re
import tomllib
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from jinja2 import Environment, StrictUndefined, Template

from consulta.kernel.money import Money


@dataclass(frozen=True, slots=True)
class Letter:
    """What is read: a subject of one line, and the same words as text and as HTML."""

    subject: str
    text: str
    html: str


def one_line(text: str) -> str:
    """Without control characters, line ends of any kind among them: those would end a header."""
    plain = "".join(" " if unicodedata.category(one) in _NO_TEXT else one for one in text)
    return " ".join(plain.split())


_NO_TEXT = frozenset({"Cc", "Zl", "Zp", "Cs"})


def unlinked(name: str) -> str:
    """The name as no mail program makes a link of it: people choose their names, and mail is
    believed because we send it.
    """
    return one_line(_DOT.sub(r"\g<0> ", _OF_ADDRESSES.sub(" ", name)))


# The full stops of East Asian writing divide names of hosts, too.
_DOT = re.compile(r"(?<=\w)[.\u3002\uff0e\uff61](?=\w{2})")
_OF_ADDRESSES = re.compile(r"[@\uff20\ufe6b:\uff1a/\uff0f\\]")


class Tongue:
    """One language: its words, and how it writes moments and money."""

    def __init__(self, table: Mapping[str, Any]) -> None:
        self._table = table
        # What comes out of this is text; the HTML layout escapes it as it puts it in.
        self._plain = Environment(autoescape=False, undefined=StrictUndefined)  # noqa: S701
        self._compiled: dict[str, Template] = {}

    @property
    def letters(self) -> Mapping[str, Mapping[str, Any]]:
        """The words of each kind of letter."""
        found: Mapping[str, Mapping[str, Any]] = self._table["letters"]
        return found

    @property
    def common(self) -> Mapping[str, str]:
        """Words that every letter has."""
        found: Mapping[str, str] = self._table["common"]
        return found

    @property
    def reasons(self) -> Mapping[str, str]:
        """Codes of reasons in words."""
        found: Mapping[str, str] = self._table["reasons"]
        return found

    def say(self, words: str, facts: Mapping[str, Any]) -> str:
        """The words with the facts put in."""
        if words not in self._compiled:
            self._compiled[words] = self._plain.from_string(words)
        return one_line(self._compiled[words].render(facts))

    def moment(self, at: datetime, zone: ZoneInfo, *, far: bool = False) -> str:
        """Such as `Tuesday, 24 November, 10:00`; `far`: with its year."""
        return self._written("far_moment" if far else "moment", at.astimezone(zone))

    def day(self, at: datetime, zone: ZoneInfo) -> str:
        """Such as `Tuesday, 24 November`."""
        return self._written("day", at.astimezone(zone))

    def money(self, amount: Money) -> str:
        """With as many decimals as the currency has, and this language's decimal sign."""
        return str(amount).replace(".", self._table["dates"]["decimal_sign"])

    def _written(self, pattern: str, local: datetime) -> str:
        dates = self._table["dates"]
        return str(dates[pattern]).format(
            weekday=dates["weekdays"][local.weekday()],
            month=dates["months"][local.month - 1],
            day=local.day,
            year=local.year,
            clock=f"{local:%H:%M}",
        )


class Letters:
    """The letters of a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @cached_property
    def tongues(self) -> Mapping[str, Tongue]:
        """By language code."""
        return {
            path.stem: Tongue(tomllib.loads(path.read_text("utf-8")))
            for path in sorted(self._folder.glob("*.toml"))
        }

    def write(self, name: str, *, language: str, facts: Mapping[str, Any]) -> Letter:
        """The letter of that name in that language. A fact that its words ask for and that is not
        there is a `jinja2.UndefinedError`.
        """
        tongue = self.tongues[language]
        words = tongue.letters[name]
        subject = tongue.say(words["subject"], facts)
        said = [tongue.say(one, facts) for one in words["text"]]
        shown = {
            "language": language,
            "subject": subject,
            "paragraphs": [paragraph for paragraph in said if paragraph],
            "action": tongue.say(words.get("action", ""), facts),
            "common": {key: tongue.say(value, facts) for key, value in tongue.common.items()},
            "facts": facts,
        }
        text, html = self._layouts
        return Letter(subject, text.render(shown).strip() + "\n", html.render(shown))

    @cached_property
    def _layouts(self) -> tuple[Template, Template]:
        both = (
            # Plain text has nothing to escape.
            Environment(
                autoescape=False,  # noqa: S701
                undefined=StrictUndefined,
                trim_blocks=True,
            ),
            Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True),
        )
        text, html = (
            environment.from_string((self._folder / name).read_text("utf-8"))
            for environment, name in zip(both, ("letter.txt", "letter.html"), strict=True)
        )
        return text, html
