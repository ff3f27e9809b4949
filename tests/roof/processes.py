"""The command line in processes of its own: started in a folder, watched, stopped, and gone."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

KEPT = ("PATH", "HOME", "LANG", "PG_BIN_DIR")


def environment(more: Mapping[str, str]) -> dict[str, str]:
    """What a fresh shell has, and nothing of whoever runs the tests."""
    return {name: os.environ[name] for name in KEPT if name in os.environ} | dict(more)


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "consulta.cli", *arguments]


def finished(*arguments: str, cwd: Path, **more: str) -> subprocess.CompletedProcess[str]:
    """A command that ends by itself, within a minute."""
    return subprocess.run(
        command(*arguments),
        cwd=cwd,
        env=environment(more),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


class Running:
    """A command that runs until it is told to stop."""

    def __init__(self, process: subprocess.Popen[bytes], log: Path) -> None:
        self.process = process
        self.log = log

    @property
    def output(self) -> str:
        return self.log.read_text("utf-8")

    def says(self, text: str, *, times: int = 1, seconds: float = 60) -> str:
        """All that it has said, once `text` has come so often."""
        deadline = time.monotonic() + seconds
        while self.output.count(text) < times:
            assert self.process.poll() is None, f"it ended too early:\n{self.output}"
            assert time.monotonic() < deadline, f"not within {seconds} s:\n{self.output}"
            time.sleep(0.05)
        return self.output

    def stop(self, number: signal.Signals = signal.SIGTERM, *, seconds: float = 30) -> int:
        """Its exit code."""
        self.process.send_signal(number)
        return self.process.wait(timeout=seconds)


@contextmanager
def running(*arguments: str, cwd: Path, **more: str) -> Iterator[Running]:
    """The command, which is gone after the block whatever happens in it."""
    log = cwd / f"output-{time.monotonic_ns()}.txt"
    with log.open("wb") as output:
        process = subprocess.Popen(
            command(*arguments),
            cwd=cwd,
            env=environment(more),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
        )
    try:
        yield Running(process, log)
    finally:
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(timeout=30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
