"""The demo as a newcomer meets it: it starts, its walk-through works, it stops, it remembers."""

import json
import re
import signal
import stat
import subprocess
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from tests.platform.embedded_serving import ends_within, postmaster, reachable_folder
from tests.roof.processes import Running, environment, running

RULE = "=" * 78
READY_SECONDS = 60.0
WALK_SECONDS = 60.0


def ready(demo: Running) -> str:
    """What it says when it serves: three rules, the last of them below the walk-through."""
    return demo.says(RULE, times=3, seconds=READY_SECONDS)


def pasted(text: str, *, cwd: Path) -> str:
    """What a shell says to the commands, given to it one line after the other."""
    done = subprocess.run(
        ["bash"],
        input=text,
        cwd=cwd,
        env=environment({}),
        capture_output=True,
        text=True,
        timeout=WALK_SECONDS,
        check=True,
    )
    assert done.stderr == ""
    return done.stdout


def commands_in(output: str) -> str:
    """The walk-through as it was printed."""
    return output.split(RULE)[2].split("Ctrl-C stops everything.", 1)[1].split("\n", 1)[1]


def ask(output: str, path: str, *, token: str) -> Any:
    (root,) = re.findall(r"^API='(.+)'$", output, re.MULTILINE)
    request = urllib.request.Request(root + path, headers={"Authorization": token})
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.load(answer)


def client_of(output: str) -> str:
    (token,) = re.findall(r"^CLIENT='Authorization: (.+)'$", output, re.MULTILINE)
    return str(token)


def private(path: Path) -> bool:
    return stat.S_IMODE(path.stat().st_mode) & 0o077 == 0


@pytest.mark.slow
def test_a_newcomer_walks_through_the_demo() -> None:
    with reachable_folder() as folder:
        data = folder / ".data"
        with running("demo", "--port", "0", cwd=folder) as demo:
            output = ready(demo)
            server = postmaster(data / "pg")
            assert "NO MONEY MOVES" in output
            walk = subprocess.run(
                ["sh", str(data / "walkthrough.sh")],
                env=environment({}),
                capture_output=True,
                text=True,
                timeout=WALK_SECONDS,
                check=False,
            )
            assert (walk.returncode, walk.stderr) == (0, ""), walk.stdout
            assert walk.stdout.endswith("booking: confirmed\npayment: paid\n")
            for outcome in ("card_declined", "requires_action", "cancelled", "declined"):
                assert f"\n{outcome}\n" in walk.stdout
            before = ask(output, "/bookings", token=client_of(output))
            assert demo.stop(signal.SIGTERM) == 0
            assert ends_within(server, seconds=5), "no server may be left behind"
        assert private(data / "walkthrough.sh")
        assert private(data / "pg" / "demo-secrets.json")

        with running("demo", "--port", "0", cwd=folder) as demo:
            again = ready(demo)
            server = postmaster(data / "pg")
            assert "1 of 13" not in again, "whoever is there already is left alone"
            assert ask(again, "/bookings", token=client_of(output)) == before, (
                "data and sign-ins stay"
            )
            told = pasted(commands_in(again), cwd=folder)
            assert told.endswith("booking: confirmed\npayment: paid\n")
            assert demo.stop(signal.SIGINT) == 0
            assert ends_within(server, seconds=5)


@pytest.mark.slow
def test_two_demos_in_one_folder_do_not_fight() -> None:
    with reachable_folder() as folder, running("demo", "--port", "0", cwd=folder) as first:
        ready(first)
        with running("demo", "--port", "0", cwd=folder) as second:
            assert second.process.wait(timeout=30) == 1
        assert "already uses" in second.output
        assert "Traceback" not in second.output
