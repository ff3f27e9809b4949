"""Looking for words in everything that a server and a service leave behind: the shapes in which
they could lie there, and the places.
"""

import base64
import os
import subprocess
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg

from consulta.platform.db.dsn import Dsn
from consulta.platform.db.embedded import find_binaries

TALKATIVE: Mapping[str, str] = {
    "log_statement": "all",
    "log_min_duration_statement": "0",
    "log_min_error_statement": "info",
    "log_error_verbosity": "verbose",
    "log_parameter_max_length": "-1",
    "log_parameter_max_length_on_error": "-1",
    "log_temp_files": "0",
    "wal_level": "replica",
    "full_page_writes": "on",
    "work_mem": "64kB",
    "max_connections": "60",
    "shared_buffers": "32MB",
}
"""Settings of a server that writes down everything that it hears."""


def shapes(secret: bytes) -> dict[str, bytes]:
    """How the secret reads when somebody only wrote it down otherwise."""
    text = secret.decode("latin-1")
    found = {
        "as it is": secret,
        "hex": secret.hex().encode(),
        "HEX": secret.hex().upper().encode(),
        "utf-16": text.encode("utf-16-le"),
        "utf-16 the other way": text.encode("utf-16-be"),
    }
    for offset, skipped in enumerate((0, 2, 3)):
        whole = (offset + len(secret)) * 8 // 6
        encoded = base64.b64encode(b"\0" * offset + secret)[skipped:whole]
        found[f"base64 at {offset}"] = encoded
    return found


def found_in(octets: bytes, secrets: Mapping[str, bytes]) -> set[tuple[str, str]]:
    """Name and shape of every secret in there."""
    return {
        (name, shape)
        for name, secret in secrets.items()
        for shape, spelled in shapes(secret).items()
        if spelled in octets
    }


def left_behind(folder: Path) -> dict[str, bytes]:
    """Every byte below a server's folder: its log, its journal, its temporary files, its data."""
    # Pages that are the same in every database, or empty, are looked at once.
    places: dict[str, dict[bytes, None]] = {"log": {}, "journal": {}, "temporary": {}, "data": {}}
    for path in folder.rglob("*"):
        if not path.is_file():
            continue
        if path.name == "server.log":
            place = "log"
        elif "pg_wal" in path.parts:
            place = "journal"
        else:
            place = "temporary" if "pgsql_tmp" in path.parts else "data"
        octets = path.read_bytes()
        pages = (octets[at : at + _PAGE_BYTES] for at in range(0, len(octets), _PAGE_BYTES))
        places[place].update(dict.fromkeys(pages))
    return {place: b"".join(pages) for place, pages in places.items()}


_PAGE_BYTES = 8_192


@asynccontextmanager
async def spilled(superuser: asyncpg.Connection) -> AsyncIterator[None]:
    """Meanwhile every row of every table lies in temporary files, since a sort has no room."""
    tables = await superuser.fetch(
        "SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables"
        " WHERE schemaname IN ('app', 'testing')"
    )
    lines = " UNION ALL ".join(f"SELECT t::text AS line FROM {row['name']} t" for row in tables)
    async with superuser.transaction():
        cursor = await superuser.cursor(
            f"SELECT line FROM ({lines}) AS everything, generate_series(1, 20) AS copy"
            " ORDER BY md5(line || copy)"
        )
        assert await cursor.fetchrow() is not None
        yield


def dumped(dsn: Dsn) -> bytes:
    """What the backup's login takes home."""
    program = find_binaries(os.environ) / "pg_dump"
    done = subprocess.run(
        [str(program), f"--dbname={dsn.text}", "--schema=app", "--schema=testing"],
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
