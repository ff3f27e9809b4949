"""The wheel: whatever is installed from it can migrate a database, without the checkout."""

import os
import subprocess
import sys
import zipfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from consulta.platform.db.dsn import Dsn
from consulta.platform.db.migrations import alembic_folder, code_state
from consulta.platform.db.roles import LOGINS, DbRole, bootstrap
from tests.conftest import PASSWORD, TestDatabase

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built anew from the checkout, with no network."""
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "-d", str(folder)],
        cwd=ROOT,
        check=True,
        capture_output=True,
        timeout=120,
    )
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where an installer would put it."""
    folder = tmp_path_factory.mktemp("site")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder)
    return folder


@pytest.fixture
async def prepared(template: Dsn) -> AsyncIterator[TestDatabase]:
    """A database with roles and schema, and nothing in it."""
    name = f"consulta_test_wheel_{os.getpid()}"
    await bootstrap(template, database=name, passwords=dict.fromkeys(LOGINS, PASSWORD))
    made = TestDatabase(template.with_database(name))
    yield made
    async with TestDatabase(template.with_database("postgres")).connected() as server:
        await server.execute(f"DROP DATABASE {name} WITH (FORCE)")


def run(installed: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Python where `consulta` comes from the wheel: PYTHONPATH stands before what is installed."""
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=installed,
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(installed), **environment},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_it_holds_every_file_of_the_schema(wheel: Path) -> None:
    kept = {
        str(path.relative_to(alembic_folder()))
        for path in alembic_folder().rglob("*")
        if path.suffix in {".py", ".sql", ".mako"}
    }
    packed = set(zipfile.ZipFile(wheel).namelist())

    assert len(kept) > 40
    assert {f"consulta/_alembic/{name}" for name in kept} <= packed


def test_it_holds_no_more_than_it_should(wheel: Path) -> None:
    tops = {name.split("/")[0] for name in zipfile.ZipFile(wheel).namelist()}

    assert {top for top in tops if not top.endswith(".dist-info")} == {"consulta"}
    assert not [name for name in zipfile.ZipFile(wheel).namelist() if "__pycache__" in name]


async def test_it_migrates_without_the_checkout(installed: Path, prepared: TestDatabase) -> None:
    address = prepared.dsn(DbRole.MIGRATOR)

    done = run(installed, "-m", "consulta.cli", "migrate", MIGRATOR_DATABASE_URL=address)
    again = run(installed, "-m", "consulta.cli", "migrate", MIGRATOR_DATABASE_URL=address)

    assert done.returncode == 0, done.stderr
    assert "Running upgrade" in done.stdout, "each version is named while it is applied"
    assert "Nothing to do" in again.stdout
    assert PASSWORD not in done.stdout + done.stderr
    async with prepared.connected() as connection:
        found = await connection.fetchrow("SELECT revision, fingerprint FROM app.schema_state")
    assert tuple(found) == (code_state().revision, code_state().fingerprint)
    where = run(
        installed,
        "-c",
        "from consulta.platform.db import migrations as m; print(m.alembic_folder())",
    )
    assert where.stdout.strip() == str(installed / "consulta" / "_alembic")
