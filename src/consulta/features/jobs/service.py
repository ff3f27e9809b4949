"""What housekeeping deletes: nothing that somebody could still ask for."""

from consulta.platform.db.work import Work

_SWEEPS = {
    "idempotency_keys": """
        DELETE FROM app.idempotency_keys WHERE ctid IN (
            SELECT ctid FROM app.idempotency_keys WHERE expires_at < app.now() LIMIT $1)
    """,
    # Whole families only: a single row holds the lock and the revocation of the rest.
    "user_sessions": """
        DELETE FROM app.user_sessions WHERE ctid IN (
            SELECT ctid FROM app.user_sessions WHERE family_expires_at < app.now() LIMIT $1)
    """,
    "rate_limits": """
        DELETE FROM app.rate_limits WHERE ctid IN (
            SELECT ctid FROM app.rate_limits
            WHERE arrives_at < app.now() - interval '1 hour' LIMIT $1)
    """,
    "job_runs": """
        DELETE FROM app.job_runs WHERE ctid IN (
            SELECT ctid FROM app.job_runs
            WHERE started_at < app.now() - interval '30 days' AND state <> 'running' LIMIT $1)
    """,
}


async def sweep(work: Work, *, limit: int) -> dict[str, int]:
    """At most `limit` rows of each kind are gone; how many there were, by table."""
    return {table: await work.execute(statement, limit) for table, statement in _SWEEPS.items()}
