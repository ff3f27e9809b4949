"""Every variable of the settings is in README.md and in .env.example, and nothing else is."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import BaseModel

from consulta.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
ALSO_READ = {"PG_BIN_DIR": "read by the launcher of the embedded server"}


def variables_of(group: type[BaseModel]) -> Iterator[str]:
    """The names of the environment behind a group of settings."""
    for field in group.model_fields.values():
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from variables_of(field.annotation)
        else:
            assert field.alias is not None
            yield field.alias


def rows_of(text: str) -> set[str]:
    """The variables that the README's environment table has a row for."""
    section = text.split("## Environment", 1)[1].split("\n## ", 1)[0]
    return set(re.findall(r"^\| `([A-Z][A-Z0-9_]+)` \|", section, re.MULTILINE))


def lines_of(text: str) -> set[str]:
    """The variables that an environment file sets, or shows the default of."""
    return set(re.findall(r"^#?([A-Z][A-Z0-9_]+)=", text, re.MULTILINE))


def test_the_table_in_the_readme_is_complete() -> None:
    rows = rows_of((ROOT / "README.md").read_text("utf-8"))

    assert rows - ALSO_READ.keys() == set(variables_of(Settings))


def test_the_example_file_is_complete() -> None:
    lines = lines_of((ROOT / ".env.example").read_text("utf-8"))

    assert lines == set(variables_of(Settings))


def test_the_example_file_shows_the_defaults() -> None:
    shown = re.findall(r"^#([A-Z0-9_]+)=(.+)$", (ROOT / ".env.example").read_text(), re.MULTILINE)
    defaults = {
        field.alias: field.default
        for group in Settings.model_fields.values()
        for field in getattr(group.annotation, "model_fields", {}).values()
    }

    numbers = {name: value for name, value in shown if value.isdigit()}
    assert len(numbers) > 10
    assert numbers == {name: str(defaults[name]) for name in numbers}


def test_the_example_file_holds_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever serves with the example as it is, is told which secrets are missing."""
    text = (ROOT / ".env.example").read_text("utf-8")
    for name, value in re.findall(r"^([A-Z0-9_]+)=(.*)$", text, re.MULTILINE):
        monkeypatch.setenv(name, value)

    problems = "; ".join(Settings.load().problems())

    assert all(name in problems for name in ("AUTH_JWT_SECRET", "CRON_SECRET", "ENCRYPTION_KEYS"))


def test_no_other_variable_is_heard(monkeypatch: pytest.MonkeyPatch) -> None:
    """A container has a HOST and a PORT, a shell a MAIL and a USERNAME: they are not ours."""
    names = [
        name
        for group in (Settings, *(field.annotation for field in Settings.model_fields.values()))
        for name in getattr(group, "model_fields", {})
    ]
    ours = {name.lower() for name in variables_of(Settings)}
    before = Settings()
    for name in {*names} - ours:
        monkeypatch.setenv(name.upper(), "7")

    assert {"host", "port", "username", "password", "mail"} <= {*names}
    assert Settings() == before
