-- Rate limiting shared by all replicas: the generic cell rate algorithm in one statement.

CREATE FUNCTION app.take_turn(p_key text, p_per_minute numeric, p_burst integer) RETURNS numeric
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = app, pg_catalog, pg_temp AS $$
    WITH pace AS (
        SELECT make_interval(secs => 60.0 / p_per_minute) AS gap,
               make_interval(secs => 60.0 / p_per_minute * p_burst) AS slack
    ), turn AS (
        INSERT INTO app.rate_limits AS r (key, arrives_at)
        SELECT p_key, app.now() + pace.gap FROM pace
        ON CONFLICT (key) DO UPDATE
            SET arrives_at = greatest(r.arrives_at, app.now()) + (SELECT gap FROM pace)
            WHERE greatest(r.arrives_at, app.now()) + (SELECT gap FROM pace) - app.now()
                  <= (SELECT slack FROM pace)
        RETURNING 1
    )
    SELECT CASE WHEN EXISTS (SELECT 1 FROM turn) THEN 0
        ELSE ceil(60.0 / p_per_minute) END
$$;
COMMENT ON FUNCTION app.take_turn(text, numeric, integer) IS
    '0 if the caller may go on; otherwise the seconds after which it is worth trying again.';
GRANT EXECUTE ON FUNCTION app.take_turn(text, numeric, integer)
    TO consulta_anonymous, consulta_user, consulta_admin, consulta_worker;
