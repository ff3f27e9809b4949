"""The demo as a newcomer meets it: it starts, its walk-through works, it stops, it remembers."""

import json
import re
import signal
import socket
import stat
import subprocess
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from consulta.platform.db.embedded import running_server
from tests.conftest import TestDatabase
from tests.platform.embedded_serving import ends_within, postmaster, reachable_folder
from tests.roof.processes import Running, environment, finished, running

RULE = "=" * 78
READY_SECONDS = 60.0
WALK_SECONDS = 120.0
THE_END = "\nThe walk-through ends here.\n"


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
            assert "\nbooking: confirmed\npayment: paid\n" in walk.stdout
            assert "\nsignature: good\nevent: booking.confirmed\n" in walk.stdout
            assert "\nready\nmoving pictures\n" in walk.stdout
            assert " is confirmed\n" in walk.stdout, "mail lies in its folder"
            assert walk.stdout.endswith(THE_END)
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
            assert told.endswith(THE_END)
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


@pytest.mark.slow
def test_it_takes_the_server_that_it_is_given() -> None:
    with reachable_folder() as folder, running_server(durable=False) as server:
        dsn = server.dsn()
        with running("demo", "--port", "0", cwd=folder, DATABASE_URL=dsn) as demo:
            output = ready(demo)
            assert "Using the server of DATABASE_URL" in output
            (held,) = ask(output, "/bookings", token=client_of(output))["items"]
            assert held["status"] == "completed", "the sample world has a past"
            told = ask(output, f"/bookings/{held['id']}", token=client_of(output))
            assert (told["intake_completed"], told["notes_count"], told["has_review"]) == (
                True, 1, True,
            )  # fmt: skip
            assert demo.stop() == 0
        assert server.password not in output
        assert not (folder / ".data" / "pg").exists()
        assert private(folder / ".data" / "demo-secrets.json")


async def test_another_consulta_on_the_server_is_left_alone(
    database: TestDatabase, tmp_path: Path
) -> None:
    """The demo would set new passwords for the logins that both would share."""
    server = database.superuser.with_database("postgres").text

    done = finished("demo", "--port", "0", cwd=tmp_path, DATABASE_URL=server)

    assert done.returncode == 1
    assert "Another Consulta lives on this server" in done.stderr
    async with database.connected("consulta_api") as connection:
        assert await connection.fetchval("SELECT 1") == 1


def test_a_server_that_is_away_is_told(tmp_path: Path) -> None:
    away = "postgresql://postgres:hunter2@127.0.0.1:1/postgres"

    done = finished("demo", "--port", "0", cwd=tmp_path, DATABASE_URL=away)

    assert done.returncode == 1
    assert "cannot be used" in done.stderr
    assert "hunter2" not in done.stderr
    assert "Traceback" not in done.stderr


def test_a_taken_port_is_told(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        done = finished("demo", "--port", str(taken.getsockname()[1]), cwd=tmp_path)

    assert done.returncode == 1
    assert "is taken" in done.stderr
