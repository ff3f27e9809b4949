-- The functions that columns, policies and triggers lean on. Applied before the versions and again
-- after them; nothing here may name a table.

-- The one clock: holds, expiries and tiers are decided by it (D5). Tests replace its body.
CREATE OR REPLACE FUNCTION app.now() RETURNS timestamptz
LANGUAGE sql STABLE PARALLEL SAFE
AS $$ SELECT pg_catalog.now() $$;

-- Time-ordered ids, UUID version 7 (RFC 9562): 48 bits of milliseconds, the rest random (D10).
-- From version 18 the server makes them itself, much faster.
DO $choice$
BEGIN
    IF to_regprocedure('pg_catalog.uuidv7()') IS NOT NULL THEN
        CREATE OR REPLACE FUNCTION app.new_id() RETURNS uuid
        LANGUAGE sql VOLATILE PARALLEL SAFE
        AS $$ SELECT pg_catalog.uuidv7() $$;
    ELSE
        CREATE OR REPLACE FUNCTION app.new_id() RETURNS uuid
        LANGUAGE sql VOLATILE PARALLEL SAFE
        AS $$
            -- Of a random id, version 4, two more bits make version 7.
            SELECT encode(
                set_bit(set_bit(
                    overlay(
                        uuid_send(gen_random_uuid())
                        PLACING substring(
                            int8send((extract(epoch FROM clock_timestamp()) * 1000)::bigint) FROM 3)
                        FROM 1 FOR 6),
                    52, 1), 53, 1),
                'hex')::uuid
        $$;
    END IF;
END
$choice$;

-- The person on whose behalf the transaction runs; NULL for nobody. After a transaction-local set
-- the setting is '' and not NULL, hence nullif. Garbage is nobody, not an error.
CREATE OR REPLACE FUNCTION app.user_id() RETURNS uuid
LANGUAGE sql STABLE PARALLEL SAFE
AS $$
    SELECT CASE WHEN current_setting('app.user_id', true)
                     ~ '^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$'
                THEN current_setting('app.user_id', true)::uuid END
$$;

CREATE OR REPLACE FUNCTION app.request_id() RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE
AS $$ SELECT nullif(current_setting('app.request_id', true), '') $$;

-- The working role that the transaction was stamped with, also inside definer functions, where
-- current_user is the definer.
CREATE OR REPLACE FUNCTION app.caller_role() RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE
AS $$ SELECT current_setting('role', true) $$;

-- A refusal with a stable code: the service knows it by its SQLSTATE and passes the code on.
CREATE OR REPLACE FUNCTION app.refuse(code text) RETURNS void
LANGUAGE plpgsql
AS $$
BEGIN
    RAISE EXCEPTION USING ERRCODE = 'CS001', MESSAGE = code;
END
$$;

COMMENT ON FUNCTION app.now() IS 'The one clock: the database''s, the same throughout a transaction (D5).';
COMMENT ON FUNCTION app.new_id() IS 'A new time-ordered id: UUID version 7 (D10).';
COMMENT ON FUNCTION app.user_id() IS 'The person on whose behalf the transaction runs; NULL for nobody.';
COMMENT ON FUNCTION app.request_id() IS 'The request that the transaction belongs to; NULL outside of one.';
COMMENT ON FUNCTION app.caller_role() IS
    'The working role the transaction was stamped with, also inside definer functions.';
COMMENT ON FUNCTION app.refuse(text) IS 'Raises a refusal with that stable code, SQLSTATE CS001.';
