-- What the directory sorts by: each specialist's next free time, refreshed in turn.

CREATE FUNCTION app.refresh_next_open(p_limit integer) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = app, pg_catalog, pg_temp AS $$
DECLARE
    moment timestamptz := app.now();
    soon timestamptz := moment + interval '7 days';
    late timestamptz := moment + interval '62 days';
    refreshed integer;
BEGIN
    WITH picked AS MATERIALIZED (
        SELECT s.id FROM app.specialists s
        WHERE s.is_verified
        ORDER BY s.next_open_checked_at NULLS FIRST
        LIMIT p_limit
        FOR NO KEY UPDATE SKIP LOCKED),
    asked AS MATERIALIZED (
        SELECT p.id, r.duration_minutes FROM picked p
        LEFT JOIN app.specialist_rates r
          ON r.specialist_id = p.id AND r.kind = 'standard' AND r.is_active),
    -- Most have a free time within the week; the rest are asked about all dates.
    within_week AS MATERIALIZED (
        SELECT a.id, a.duration_minutes, f.starts_at FROM asked a
        CROSS JOIN LATERAL (
            SELECT min(o.starts_at) AS starts_at
            FROM app.open_slots(a.id, moment, soon, a.duration_minutes, NULL, moment) o) f),
    found AS (
        SELECT w.id, w.starts_at FROM within_week w WHERE w.starts_at IS NOT NULL
        UNION ALL
        SELECT w.id, f.starts_at FROM within_week w
        CROSS JOIN LATERAL (
            SELECT min(o.starts_at) AS starts_at
            FROM app.open_slots(w.id, soon, late, w.duration_minutes, NULL, moment) o) f
        WHERE w.starts_at IS NULL)
    UPDATE app.specialists s
    SET next_open_at = f.starts_at, next_open_checked_at = moment
    FROM found f
    WHERE s.id = f.id;
    GET DIAGNOSTICS refreshed = ROW_COUNT;
    RETURN refreshed;
END
$$;
COMMENT ON FUNCTION app.refresh_next_open(integer) IS
    'Looks up the next free time, within 62 days and for the standard rate, of so many verified specialists, longest unchecked first; says how many.';
GRANT EXECUTE ON FUNCTION app.refresh_next_open(integer) TO consulta_worker;
