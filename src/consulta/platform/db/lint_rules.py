"""What the linter asks the catalogue about tables, columns, policies and foreign keys.

Each rule is a query that returns the names of the objects that break it.
"""

from collections.abc import Mapping
from dataclasses import dataclass

HUMANS = "('consulta_anonymous', 'consulta_user')"
"""The working roles of people who are not staff, as an SQL list."""


@dataclass(frozen=True, slots=True)
class Rule:
    """A law of the schema: `query` lists the objects that break it."""

    code: str
    sentence: str
    query: str


UNSCOPED_KEYS: Mapping[str, str] = {
    "bookings.fk_bookings_coupon_id_coupons": (
        "a coupon of the house has no specialist; only the definer writes the column"
    ),
    "coupon_usages.fk_coupon_usages_coupon_id_coupons": (
        "a coupon of the house has no specialist; only the definer writes usages"
    ),
    **dict.fromkeys(
        (
            "webhook_endpoint_secrets.fk_webhook_endpoint_secrets_endpoint_id_webhook_endpoints",
            "webhook_deliveries.fk_webhook_deliveries_endpoint_id_webhook_endpoints",
        ),
        "an endpoint of the platform has no specialist; only the worker and the definer write",
    ),
    "payment_operations.fk_payment_operations_payment_id_payments": (
        "only the worker and the definer write operations, and a payment names its parties"
    ),
}
"""Foreign keys to a private parent that may leave the parties out, and why."""

_NEVER_ASKED = "neither rates nor accounts are ever deleted, and nothing is asked by this column"

UNINDEXED_KEYS: Mapping[str, str] = {
    "bookings.fk_bookings_rate": _NEVER_ASKED,
    "recurring_bookings.fk_recurring_bookings_rate": _NEVER_ASKED,
    "recurring_bookings.fk_recurring_bookings_created_by_users": _NEVER_ASKED,
    "slots.fk_slots_specialist_id_calendars": (
        "calendars are never deleted, and of claims only live ones are read: ix_slots_live"
    ),
}
"""Foreign keys without an index, and why."""

GRANTS_WITHOUT_ROWS: Mapping[str, str] = {
    "payment_actions SELECT for consulta_admin": (
        "a view names the table; what the payer's browser has to do is the payer's alone"
    ),
}
"""Grants that deliberately yield no row, and why."""


def listed(names: Mapping[str, object]) -> str:
    """The names as an SQL array; they are constants of this package."""
    return "ARRAY[" + ", ".join(f"'{name}'" for name in names) + "]::text[]"


_TABLES = "pg_class c WHERE c.relnamespace = to_regnamespace('app') AND c.relkind IN ('r', 'p')"

_COLUMNS = """
pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
WHERE c.relnamespace = to_regnamespace('app') AND c.relkind IN ('r', 'p', 'v', 'm')
  AND a.attnum > 0 AND NOT a.attisdropped
"""

_POLICIES = """
pg_policy p JOIN pg_class c ON c.oid = p.polrelid
WHERE c.relnamespace = to_regnamespace('app')
"""

_KEYS = """
pg_constraint k JOIN pg_class c ON c.oid = k.conrelid
WHERE k.contype = 'f' AND c.relnamespace = to_regnamespace('app')
"""

_SCOPE = "('specialist_id', 'client_id')"

TABLE_RULES = (
    Rule(
        "RLS_OFF",
        "row-level security is not enabled",
        f"SELECT c.relname FROM {_TABLES} AND NOT c.relrowsecurity",
    ),
    Rule(
        "RLS_NOT_FORCED",
        "row-level security is not forced upon the owner",
        f"SELECT c.relname FROM {_TABLES} AND NOT c.relforcerowsecurity",
    ),
    Rule(
        "NO_POLICY",
        "there is no policy at all",
        f"""SELECT c.relname FROM {_TABLES}
            AND NOT EXISTS (SELECT 1 FROM pg_policy p WHERE p.polrelid = c.oid)""",
    ),
    Rule(
        "OWNER_TOO_STRONG",
        "the owner is a superuser, bypasses row-level security or can log in",
        """SELECT c.relname FROM pg_class c JOIN pg_roles r ON r.oid = c.relowner
           WHERE c.relnamespace = to_regnamespace('app') AND c.relkind IN ('r', 'p', 'v', 'm', 'S')
             AND (r.rolsuper OR r.rolbypassrls OR r.rolcanlogin)""",
    ),
    Rule(
        "TABLE_WITHOUT_COMMENT",
        "the table has no comment",
        f"SELECT c.relname FROM {_TABLES} AND obj_description(c.oid, 'pg_class') IS NULL",
    ),
    Rule(
        "FLOAT_COLUMN",
        "the column is a floating-point number or of type money: money is minor units (D7)",
        f"""SELECT c.relname || '.' || a.attname FROM {_COLUMNS}
            AND a.atttypid IN ('float4'::regtype, 'float8'::regtype, 'money'::regtype)""",
    ),
    Rule(
        "TIME_WITHOUT_ZONE",
        "the column is a timestamp without a time zone",
        f"""SELECT c.relname || '.' || a.attname FROM {_COLUMNS}
            AND a.atttypid = 'timestamp'::regtype""",
    ),
    Rule(
        "VIEW_NOT_INVOKER",
        "the view reads with its owner's rights, or is materialized",
        """SELECT c.relname FROM pg_class c
           WHERE c.relnamespace = to_regnamespace('app') AND (c.relkind = 'm' OR c.relkind = 'v'
             AND NOT coalesce(c.reloptions @> ARRAY['security_invoker=true'], false))""",
    ),
    Rule(
        "EXTENSION_IN_APP",
        "objects of an extension stand in the schema app",
        """SELECT e.extname::text FROM pg_extension e WHERE e.extnamespace = to_regnamespace('app')
           UNION
           SELECT p.proname FROM pg_proc p JOIN pg_depend d
             ON d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e'
           WHERE p.pronamespace = to_regnamespace('app')""",
    ),
)

POLICY_RULES = (
    Rule(
        "POLICY_TO_PUBLIC",
        "the policy is for PUBLIC",
        f"SELECT c.relname || '.' || p.polname FROM {_POLICIES} AND 0 = ANY (p.polroles)",
    ),
    Rule(
        "UPDATE_WITHOUT_CHECK",
        "the UPDATE policy has no WITH CHECK",
        f"""SELECT c.relname || '.' || p.polname FROM {_POLICIES}
            AND p.polcmd = 'w' AND p.polwithcheck IS NULL""",
    ),
    Rule(
        "POLICY_FOR_ALL",
        "a permissive policy is FOR ALL commands",
        f"""SELECT c.relname || '.' || p.polname FROM {_POLICIES}
            AND p.polcmd = '*' AND p.polpermissive""",
    ),
    Rule(
        "POLICY_TRUE",
        "people who are not staff get every row",
        f"""SELECT c.relname || '.' || p.polname FROM {_POLICIES}
            AND 'true' IN (pg_get_expr(p.polqual, p.polrelid),
                           pg_get_expr(p.polwithcheck, p.polrelid))
            AND EXISTS (SELECT 1 FROM pg_roles r
                        WHERE r.oid = ANY (p.polroles) AND r.rolname IN {HUMANS})""",
    ),
    # ( SELECT app.user_id() AS user_id) is how PostgreSQL writes a call made once per query.
    Rule(
        "POLICY_UNWRAPPED",
        "the policy calls a session function for each row: wrap it in a scalar sub-select",
        rf"""SELECT c.relname || '.' || p.polname FROM {_POLICIES}
             AND regexp_replace(concat(pg_get_expr(p.polqual, p.polrelid), ' ',
                                       pg_get_expr(p.polwithcheck, p.polrelid)),
                                '\( SELECT (app\.)?\w+\([^()]*\) AS \w+\)', '', 'g')
                 ~ '(user_id|request_id|caller_role|current_setting)\('""",
    ),
    Rule(
        "POLICY_TWICE",
        "two permissive policies speak of the same command and role",
        f"""SELECT c.relname || ' ' || p.polcmd::text || ' ' || r.rolname
            FROM pg_roles r, {_POLICIES}
            AND r.oid = ANY (p.polroles) AND p.polpermissive
            GROUP BY c.relname, p.polcmd, r.rolname HAVING count(*) > 1""",
    ),
    # A policy that was lost denies, silently: the rows are gone for whoever had been granted them.
    Rule(
        "GRANT_WITHOUT_POLICY",
        "the role may use the command, but no policy lets it have a row",
        f"""SELECT c.relname || ' ' || w.command || ' for ' || r.rolname
            FROM pg_roles r,
                 (VALUES ('SELECT', 'r'), ('INSERT', 'a'), ('UPDATE', 'w'), ('DELETE', 'd'))
                     w (command, cmd), {_TABLES}
            AND r.rolname IN ('consulta_anonymous', 'consulta_user', 'consulta_admin',
                              'consulta_worker', 'consulta_definer')
            AND CASE w.cmd WHEN 'd' THEN has_table_privilege(r.oid, c.oid, 'DELETE')
                ELSE has_any_column_privilege(r.oid, c.oid, w.command) END
            AND NOT EXISTS (
                SELECT 1 FROM pg_policy p WHERE p.polrelid = c.oid AND p.polpermissive
                  AND p.polcmd = w.cmd::"char" AND r.oid = ANY (p.polroles))
            AND c.relname || ' ' || w.command || ' for ' || r.rolname
                <> ALL ({listed(GRANTS_WITHOUT_ROWS)})""",
    ),
    # What a stranger may read needs no identity of a person; an admin needs one everywhere.
    Rule(
        "NO_BELT",
        "a table lacks its restrictive policy for this role: no identity, no rows",
        f"""SELECT c.relname || ' for ' || r.rolname FROM pg_roles r, {_TABLES}
            AND r.rolname IN ('consulta_user', 'consulta_admin')
            AND has_any_column_privilege(r.oid, c.oid, 'SELECT')
            AND (r.rolname = 'consulta_admin'
                 OR has_any_column_privilege(to_regrole('consulta_anonymous'), c.oid, 'SELECT')
                    IS NOT TRUE)
            AND c.relname NOT IN ('alembic_version', 'schema_state')
            AND NOT EXISTS (
                SELECT 1 FROM pg_policy p WHERE p.polrelid = c.oid AND NOT p.polpermissive
                  AND p.polcmd = '*' AND r.oid = ANY (p.polroles))""",
    ),
)

KEY_RULES = (
    Rule(
        "KEY_WITHOUT_INDEX",
        "no index of all its rows begins with the first column of the foreign key",
        f"""SELECT c.relname || '.' || k.conname FROM {_KEYS}
            AND NOT EXISTS (
                SELECT 1 FROM pg_index i
                JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.conkey[1]
                WHERE i.indrelid = k.conrelid AND i.indkey[0] = k.conkey[1]
                  AND (i.indpred IS NULL OR pg_get_expr(i.indpred, i.indrelid)
                       = format('(%I IS NOT NULL)', a.attname)))
            AND c.relname || '.' || k.conname <> ALL ({listed(UNINDEXED_KEYS)})""",
    ),
    Rule(
        "KEY_UNSCOPED",
        "a child could be hung on a stranger's row: the key must carry the parent's parties",
        f"""SELECT c.relname || '.' || k.conname FROM {_KEYS}
            AND EXISTS (
                SELECT 1 FROM pg_attribute a
                WHERE a.attrelid = k.confrelid AND a.attname IN {_SCOPE} AND a.attnum > 0
                  AND NOT a.attnum = ANY (k.confkey))
            AND c.relname || '.' || k.conname <> ALL ({listed(UNSCOPED_KEYS)})""",
    ),
    Rule(
        "CASCADE_UNSCOPED",
        "deleting the parent changes rows that may belong to somebody else",
        f"""SELECT c.relname || '.' || k.conname FROM {_KEYS}
            AND k.confdeltype <> 'a' AND k.confdeltype <> 'r'
            AND NOT EXISTS (
                SELECT 1 FROM pg_attribute a
                WHERE a.attrelid = k.conrelid AND a.attnum = ANY (k.conkey)
                  AND a.attname IN ('specialist_id', 'client_id', 'user_id'))""",
    ),
)
