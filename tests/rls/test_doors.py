"""Functions are permissions, too: what people may execute is declared, name by name."""

from tests.conftest import TestDatabase
from tests.rls.doors import DOORS

_EXECUTABLE = """
SELECT DISTINCT proname::text FROM pg_proc
WHERE pronamespace = 'app'::regnamespace AND has_function_privilege($1, oid, 'EXECUTE')
"""


async def test_people_may_execute_what_is_declared_and_nothing_else(
    module_database: TestDatabase,
) -> None:
    async with module_database.connected() as connection:
        for role, doors in DOORS.items():
            rows = await connection.fetch(_EXECUTABLE, role)
            assert {row[0] for row in rows} == doors, role
