"""Scripts of several SQL statements inside a migration."""

from types import ModuleType


def run(op: ModuleType, script: str) -> None:
    """Each statement of `script` is executed in turn; a statement ends with `;` at a line's end.

    The driver prepares every statement, and PostgreSQL prepares only one at a time.
    """
    for statement in script.split(";\n"):
        if statement.strip():
            # A colon before a word would be taken for a parameter.
            op.get_bind().exec_driver_sql(statement.strip())
