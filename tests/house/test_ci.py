"""`.ci/run` does what it says: its budgets add up, and it runs what the README tells to run."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.house.source import ROOT, obey, whole_tree

RUN = ".ci/run"
ALONE = ROOT / ".ci" / "alone.py"
MOST_SECONDS = 1200
_STEP = re.compile(r"^\s*step (\w+) (\d+) (\S.*?)(?: && *\\?| *\|\| *\{)?$", re.MULTILINE)


def steps(script: str) -> dict[str, tuple[int, str]]:
    """The budget in seconds and the command of every step."""
    return {name: (int(seconds), command) for name, seconds, command in _STEP.findall(script)}


def overdrawn(script: str) -> list[str]:
    """The steps, if their budgets together are not well inside what the whole run may take."""
    budgets = [seconds for seconds, _ in steps(script).values()]
    return (
        []
        if sum(budgets) <= MOST_SECONDS
        else [f"{name}: {s}" for name, s in steps(script).items()]
    )


def test_the_budgets_add_up() -> None:
    found = steps(whole_tree()[RUN])
    assert {"lint", "format", "types", "imports", "contract", "tests"} <= set(found)
    obey(
        overdrawn(whole_tree()[RUN]),
        law=f".ci/run ends within {MOST_SECONDS} seconds.",
        mend="make the slowest suite faster, then its budget smaller.",
    )


def test_a_budget_that_is_overdrawn_is_found() -> None:
    script = "step lint 30 ruff check .\nstep a 10 b &&\n    step tests 1190 pytest || {\n"
    assert steps(script) == {
        "lint": (30, "ruff check ."),
        "a": (10, "b"),
        "tests": (1190, "pytest"),
    }
    assert overdrawn(script)
    assert not overdrawn("step tests 1100 pytest")


def untold(script: str, readme: str) -> list[str]:
    """Commands of the run that the README does not tell a newcomer: to install and to test."""
    told = [command.removeprefix('"$venv/bin/') for _, command in steps(script).values()]
    return [
        command
        for command in told
        if command == "pytest"
        and not re.search(r"^\s*(?:\$ )?(?:\.venv/bin/)?pytest\s*(?:#.*)?$", readme, re.MULTILINE)
    ]


def test_the_readme_tells_the_same_test_command() -> None:
    obey(
        untold(whole_tree()[RUN], whole_tree()["README.md"]),
        law="The README tells how to run the tests, and .ci/run does the same.",
        mend="a line of the README, in a code block, is `.venv/bin/pytest` and nothing else.",
    )


def test_an_untold_command_is_found() -> None:
    script = "step tests 9 pytest\n"
    assert untold(script, "Run pytest somehow.") == ["pytest"]
    assert not untold(script, "```\n.venv/bin/pytest\n```")


def test_the_script_can_be_run() -> None:
    assert os.access(ROOT / RUN, os.X_OK)
    checked = subprocess.run(
        ["bash", "-n", RUN], cwd=ROOT, capture_output=True, text=True, timeout=20, check=False
    )
    assert (checked.returncode, checked.stderr) == (0, "")


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux lets a process adopt orphans")
@pytest.mark.parametrize(
    ("command", "code"),
    [
        ("exit 3", 3),
        ("setsid sleep 0.3 >/dev/null 2>&1 & exit 0", 0),
        ("kill -KILL $$", 137),
    ],
)
def test_the_code_of_a_step_is_its_commands(command: str, code: int) -> None:
    assert _alone(command).returncode == code


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux lets a process adopt orphans")
def test_what_a_step_leaves_behind_is_ended_and_fails_it() -> None:
    done = _alone("setsid sleep 300 >/dev/null 2>&1 & echo $!")

    assert done.returncode == 70
    assert done.stderr.startswith("left behind: sleep (")
    assert not Path(f"/proc/{done.stdout.strip()}").exists()


def _alone(command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(ALONE), "bash", "-c", command],
        env={**os.environ, "ALONE_GRACE_SECONDS": "2"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
