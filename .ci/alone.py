"""Runs one command and sees to it that nothing it started outlives it.

Its exit code is the command's; 70 where the command succeeded but had left processes behind, which
are then named and ended.
"""

import ctypes
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

ADOPT_ORPHANS = 36  # PR_SET_CHILD_SUBREAPER of Linux
GRACE_SECONDS = float(os.environ.get("ALONE_GRACE_SECONDS", "15"))
LEFT_BEHIND = 70


def main(command: list[str]) -> int:
    """Runs the command to its end, adopting whatever it leaves behind."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(ADOPT_ORPHANS, 1, 0, 0, 0)
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL)
    # `timeout` signals the whole group, the command included: this one only has to stay until then.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda _number, _frame: None)
    code = _wait_for(process.pid)
    if _everybody_left(GRACE_SECONDS):
        return code
    for _generation in range(5):
        for pid, name in _children():
            print(f"left behind: {name} ({pid})", file=sys.stderr)
            os.kill(pid, signal.SIGKILL)
        if _everybody_left(1):
            break
    return code or LEFT_BEHIND


def _wait_for(pid: int) -> int:
    # Orphans that end meanwhile are reaped, too: a test that waits for one must not see a zombie.
    while True:
        ended, status = os.wait()
        if ended == pid:
            code = os.waitstatus_to_exitcode(status)
            return code if code >= 0 else 128 - code


def _everybody_left(seconds: float) -> bool:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        try:
            ended, _ = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return True
        if not ended:
            time.sleep(0.1)
    return False


def _children() -> list[tuple[int, str]]:
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            name, _, rest = (folder / "stat").read_text().partition(" (")[2].rpartition(") ")
        except OSError:
            continue
        if int(rest.split()[1]) == os.getpid():
            found.append((int(folder.name), name))
    return found


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
