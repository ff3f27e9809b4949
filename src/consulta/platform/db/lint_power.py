"""What the linter asks the catalogue about power: functions, grants, logins and memberships."""

from collections.abc import Mapping

from consulta.platform.db.lint_rules import HUMANS, Rule, listed
from consulta.platform.db.roles import DbRole

_WISH = "a row is a wish of its owner and nothing hangs on it"

MAY_DELETE: Mapping[str, str] = {
    "availability_rules": _WISH,
    "specialist_availability_exceptions": _WISH,
    "specialist_specialties": _WISH,
    "specialist_languages": _WISH,
}
"""Tables of which people may delete rows, and why."""

MAY_BECOME: Mapping[str, tuple[str, ...]] = {
    DbRole.MIGRATOR: (DbRole.OWNER, DbRole.DEFINER),
    DbRole.API: (DbRole.ANONYMOUS, DbRole.USER),
}
"""Whom a role may take on; nobody else may take on anybody, and nobody inherits."""

SERVICE_LOGINS = (DbRole.API, DbRole.ADMIN, DbRole.WORKER)

_STAFF_AND_PEOPLE = "('consulta_anonymous', 'consulta_user', 'consulta_admin')"
_OURS = "(" + ", ".join(f"'{role}'" for role in DbRole) + ")"
_LOGINS = "('consulta_migrator', 'consulta_api', 'consulta_admin', 'consulta_worker')"
_PAIRS = listed({f"{login}>{role}": "" for login, roles in MAY_BECOME.items() for role in roles})

# Every privilege on a table, view, sequence or column of the schema: (relation, column, who, what).
_GRANTS = """
(SELECT c.relname, c.relkind, NULL::name AS attname, coalesce(r.rolname, 'PUBLIC') AS who,
        x.privilege_type AS what
 FROM pg_class c CROSS JOIN aclexplode(c.relacl) x LEFT JOIN pg_roles r ON r.oid = x.grantee
 WHERE c.relnamespace = to_regnamespace('app')
 UNION ALL
 SELECT c.relname, c.relkind, a.attname, coalesce(r.rolname, 'PUBLIC'), x.privilege_type
 FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attacl IS NOT NULL
 CROSS JOIN aclexplode(a.attacl) x LEFT JOIN pg_roles r ON r.oid = x.grantee
 WHERE c.relnamespace = to_regnamespace('app')) g
"""

_FUNCTIONS = "pg_proc p WHERE p.pronamespace = to_regnamespace('app')"
_SIGNATURE = "p.proname || '(' || pg_get_function_identity_arguments(p.oid) || ')'"

FUNCTION_RULES = (
    Rule(
        "DEFINER_PATH",
        "a SECURITY DEFINER function must pin its search_path, with pg_temp last and no public",
        f"""SELECT {_SIGNATURE} FROM {_FUNCTIONS} AND p.prosecdef
            AND NOT EXISTS (SELECT 1 FROM unnest(p.proconfig) s
                            WHERE s ~ '^search_path=.*pg_temp$' AND s !~ 'public|\\$user')""",
    ),
    Rule(
        "DEFINER_OWNER",
        "a SECURITY DEFINER function must belong to consulta_definer",
        f"""SELECT {_SIGNATURE} FROM {_FUNCTIONS} AND p.prosecdef
            AND p.proowner IS DISTINCT FROM to_regrole('consulta_definer')""",
    ),
    Rule(
        "FUNCTION_PUBLIC",
        "PUBLIC may execute the function",
        f"""SELECT {_SIGNATURE} FROM {_FUNCTIONS} AND EXISTS (
                SELECT 1 FROM aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) x
                WHERE x.grantee = 0)""",
    ),
    Rule(
        "FUNCTION_WITHOUT_COMMENT",
        "the function has no comment",
        f"SELECT {_SIGNATURE} FROM {_FUNCTIONS} AND obj_description(p.oid, 'pg_proc') IS NULL",
    ),
)

GRANT_RULES = (
    Rule(
        "DANGEROUS_GRANT",
        "people must not delete, truncate, reference, maintain or put triggers on this",
        f"""SELECT g.what || ' on ' || g.relname || ' to ' || g.who FROM {_GRANTS}
            WHERE g.who IN {_STAFF_AND_PEOPLE}
              AND g.what IN ('DELETE', 'TRUNCATE', 'REFERENCES', 'TRIGGER', 'MAINTAIN')
              AND NOT (g.what = 'DELETE' AND g.relname = ANY ({listed(MAY_DELETE)}))""",
    ),
    Rule(
        "CALENDAR_OR_MONEY_WRITE",
        "people write calendars and money through functions only (D3)",
        f"""SELECT g.what || ' on ' || g.relname || ' to ' || g.who FROM {_GRANTS}
            WHERE g.who IN {_STAFF_AND_PEOPLE} AND g.what <> 'SELECT'
              AND g.relname IN ('calendars', 'slots', 'payments', 'payment_operations',
                                'coupon_usages', 'package_purchases', 'package_credits',
                                'ledger_entries', 'receipts', 'payment_config_keys')""",
    ),
    Rule(
        "WHOLE_TABLE_WRITE",
        "what people may write is granted column by column",
        f"""SELECT g.what || ' on ' || g.relname || ' to ' || g.who FROM {_GRANTS}
            WHERE g.who IN {HUMANS} AND g.what IN ('INSERT', 'UPDATE') AND g.attname IS NULL""",
    ),
    Rule(
        "OWNER_COLUMN_WRITE",
        "people must not change whose row it is, nor its id",
        f"""SELECT g.relname || '.' || g.attname || ' to ' || g.who FROM {_GRANTS}
            WHERE g.who IN {HUMANS} AND g.what = 'UPDATE'
              AND g.attname IN ('id', 'user_id', 'specialist_id', 'client_id', 'booking_id',
                                'payment_id', 'created_at')""",
    ),
    Rule(
        "SEQUENCE_GRANT",
        "people must not touch a sequence: it tells how many rows others made",
        f"""SELECT g.relname || ' to ' || g.who FROM {_GRANTS}
            WHERE g.relkind = 'S' AND g.who IN {_STAFF_AND_PEOPLE}""",
    ),
    Rule(
        "GRANT_TO_PUBLIC",
        "PUBLIC holds a privilege",
        f"""SELECT g.what || ' on ' || g.relname FROM {_GRANTS} WHERE g.who = 'PUBLIC'
            UNION ALL
            SELECT x.privilege_type || ' on schema ' || n.nspname
            FROM pg_namespace n CROSS JOIN aclexplode(n.nspacl) x
            WHERE n.nspname IN ('app', 'public') AND x.grantee = 0
            UNION ALL
            SELECT x.privilege_type || ' on the database'
            FROM pg_database d
            CROSS JOIN aclexplode(coalesce(d.datacl, acldefault('d', d.datdba))) x
            WHERE d.datname = current_database() AND x.grantee = 0""",
    ),
    Rule(
        "API_HOLDS_GRANT",
        "the login of the web pool holds a privilege itself; only its working roles may",
        f"""SELECT g.what || ' on ' || g.relname FROM {_GRANTS}
            WHERE g.who = 'consulta_api'
              AND NOT (g.what = 'SELECT' AND g.relname IN ('alembic_version', 'schema_state'))
            UNION ALL
            SELECT 'EXECUTE on ' || {_SIGNATURE} FROM {_FUNCTIONS}
              AND EXISTS (SELECT 1 FROM aclexplode(p.proacl) x
                          WHERE x.grantee = to_regrole('consulta_api'))""",
    ),
    Rule(
        "SCHEMA_CREATE",
        "only the owner and the definer make objects",
        f"""SELECT n.nspname || ' by ' || r.rolname
            FROM pg_namespace n CROSS JOIN aclexplode(n.nspacl) x
            JOIN pg_roles r ON r.oid = x.grantee
            WHERE n.nspname IN ('app', 'public', 'extensions') AND x.privilege_type = 'CREATE'
              AND r.rolname IN {_OURS} AND NOT (
                n.nspname = 'app' AND r.rolname IN ('consulta_owner', 'consulta_definer'))""",
    ),
)

ROLE_RULES = (
    Rule(
        "ROLE_MISSING",
        "the role does not exist: run `consulta db bootstrap`",
        f"""SELECT wanted FROM unnest({listed(dict.fromkeys(DbRole, ""))}) wanted
            WHERE to_regrole(wanted) IS NULL AND wanted <> 'consulta_backup'""",
    ),
    Rule(
        "ROLE_TOO_STRONG",
        "the role is a superuser, bypasses row-level security or may create roles or databases",
        f"""SELECT r.rolname FROM pg_roles r WHERE r.rolname IN {_OURS}
              AND (r.rolsuper OR r.rolcreaterole OR r.rolcreatedb OR r.rolreplication
                   OR r.rolbypassrls AND r.rolname <> 'consulta_backup')""",
    ),
    Rule(
        "GROUP_LOGS_IN",
        "a working role or an owner of objects must not be able to log in",
        """SELECT r.rolname FROM pg_roles r WHERE r.rolcanlogin AND r.rolname IN
           ('consulta_owner', 'consulta_definer', 'consulta_anonymous', 'consulta_user')""",
    ),
    # A worker's temporary tables are its own, and gone with its session.
    Rule(
        "LOGIN_OWNS",
        "a login owns objects, and the owner of an object is its law",
        """SELECT DISTINCT r.rolname::text FROM pg_shdepend s JOIN pg_roles r ON r.oid = s.refobjid
            WHERE s.refclassid = 'pg_authid'::regclass AND s.deptype = 'o'
              AND r.rolname IN ('consulta_anonymous', 'consulta_user', 'consulta_migrator',
                                'consulta_api', 'consulta_admin', 'consulta_worker',
                                'consulta_backup')
              AND s.dbid IN (0, (SELECT oid FROM pg_database WHERE datname = current_database()))
              AND NOT EXISTS (SELECT 1 FROM pg_class c WHERE s.classid = 'pg_class'::regclass
                              AND c.oid = s.objid AND c.relpersistence = 't')""",
    ),
    # inherit_option is not in every version of the catalogue (15 has none), hence to_jsonb.
    Rule(
        "MEMBERSHIP",
        "the role can become, inherits or hands on more than it may",
        f"""SELECT m.rolname || ' > ' || r.rolname
            FROM pg_auth_members a JOIN pg_roles m ON m.oid = a.member
            JOIN pg_roles r ON r.oid = a.roleid
            WHERE m.rolname IN {_OURS}
              AND (m.rolname || '>' || r.rolname <> ALL ({_PAIRS}) OR a.admin_option
                   OR coalesce((to_jsonb(a) ->> 'inherit_option')::boolean, m.rolinherit))""",
    ),
    Rule(
        "TIMEOUT_MISSING",
        "the login lacks a time-out",
        """SELECT r.rolname || ' ' || wanted
           FROM pg_roles r, unnest(ARRAY['statement_timeout', 'lock_timeout',
                                         'idle_in_transaction_session_timeout']) wanted
           WHERE r.rolname IN ('consulta_api', 'consulta_admin', 'consulta_worker')
             AND NOT EXISTS (SELECT 1 FROM unnest(r.rolconfig) s
                             WHERE s ~ ('^' || wanted || '=[1-9]'))""",
    ),
    Rule(
        "PATH_MISSING",
        "the login's search_path is not the pinned one",
        f"""SELECT r.rolname FROM pg_roles r WHERE r.rolname IN {_LOGINS} AND NOT coalesce(
                'search_path=app, pg_catalog, pg_temp' = ANY (r.rolconfig), false)""",
    ),
)
