"""`consulta keys rotate`: from one encryption key to the next, told in numbers and not in keys."""

import base64
from pathlib import Path

import pytest

from tests.conftest import TestDatabase
from tests.features.payment_configs.account_desk import puts, stripe_keys
from tests.roof.processes import finished
from tests.settings import CRON_SECRET, JWT_SECRET, KEYS
from tests.world import running_world

NEXT = "k2:" + base64.b64encode(bytes(range(32, 64))).decode()


@pytest.mark.slow
async def test_keys_are_rotated_from_the_command_line(
    database: TestDatabase, tmp_path: Path
) -> None:
    async with running_world(database) as world:
        for number in range(3):
            sarah = await world.specialist(f"Dr. {number}")
            await puts(sarah, "stripe", stripe_keys(f"n{number}"))

    def rotate(keys: str) -> tuple[int, str]:
        done = finished(
            "keys",
            "rotate",
            cwd=tmp_path,
            CONSULTA_ENV="test",
            AUTH_JWT_SECRET=JWT_SECRET,
            CRON_SECRET=CRON_SECRET,
            ENCRYPTION_KEYS=keys,
            DATABASE_URL=database.dsn("consulta_api"),
            ADMIN_DATABASE_URL=database.dsn("consulta_admin"),
            WORKER_DATABASE_URL=database.dsn("consulta_worker"),
        )
        return done.returncode, done.stdout + done.stderr

    # Without the old key there is nothing to wrap anew, and that is said.
    code, said = rotate(NEXT)
    assert code == 1
    assert "payment_config_keys: 0 are under 'k2', 3 are not" in said
    assert "3 are still under 'k1': keep that key" in said

    code, said = rotate(f"{NEXT},{KEYS}")
    assert code == 0
    assert "payment_config_keys: 3 are under 'k2', 0 are not\n" in said
    assert rotate(NEXT) == (0, said)
    async with database.connected() as superuser:
        rows = await superuser.fetch("SELECT DISTINCT key_id FROM app.payment_config_keys")
    assert [row["key_id"] for row in rows] == ["k2"]
