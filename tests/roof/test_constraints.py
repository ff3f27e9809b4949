"""`constraints.txt` pins the whole closure, and nothing but versions."""

import re
import tomllib
from importlib.metadata import PackageNotFoundError, distribution, distributions
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]
PIN = re.compile(r"([A-Za-z0-9._-]+)==([0-9][A-Za-z0-9.+!]*)")


def pins() -> dict[str, str]:
    """Name and version of every line that is no remark."""
    lines = (ROOT / "constraints.txt").read_text("utf-8").splitlines()
    found = [PIN.fullmatch(line) for line in lines if not line.startswith("#")]
    assert all(found), "name==version and nothing else: no hash, no host, no path"
    return {canonicalize_name(pin[1]): pin[2] for pin in found if pin}


def closure(*wanted: str) -> set[str]:
    """Every distribution that the wanted ones need here, extras included."""
    seen: set[tuple[str, str]] = set()
    waiting = [(Requirement(one), "") for one in wanted]
    while waiting:
        asked, _ = waiting.pop()
        for extra in ("", *asked.extras):
            key = (canonicalize_name(asked.name), extra)
            if key in seen:
                continue
            seen.add(key)
            try:
                needs = distribution(asked.name).requires or []
            except PackageNotFoundError:  # needed by another platform or Python
                continue
            for text in needs:
                need = Requirement(text)
                if need.marker is None or need.marker.evaluate({"extra": extra}):
                    waiting.append((need, extra))
    return {name for name, _ in seen} - {"consulta"}


def test_everything_that_is_needed_is_pinned() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    build = project["build-system"]["requires"]

    needed = closure("consulta[embedded,test]", *build, "editables")

    assert len(needed) > 60
    assert needed - pins().keys() == set()


def test_what_is_installed_is_what_is_pinned() -> None:
    """Who installs with the file gets these versions; so do the tests."""
    installed = {
        canonicalize_name(one.name): one.version for one in distributions() if one.name is not None
    }
    common = installed.keys() & pins().keys()

    assert len(common) > 60
    assert {name: installed[name] for name in common} == {name: pins()[name] for name in common}
