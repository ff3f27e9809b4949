-- Which sessions an exception would leave outside of the hours. With the caller's rights: the table
-- of bookings shows a specialist the own ones, and that is all that is asked here.

CREATE FUNCTION app.sessions_affected(
    p_specialist uuid, p_first date, p_last date, p_is_available boolean, p_starts_minute integer,
    p_ends_minute integer, p_limit integer)
RETURNS TABLE (
    id uuid, starts_at timestamptz, ends_at timestamptz, status text, client_id uuid,
    client_name text, payment_status text, affected_count bigint)
LANGUAGE sql STABLE AS $$
WITH page AS MATERIALIZED (
    SELECT s.time_zone FROM app.specialists s WHERE s.id = p_specialist
),
-- A session is no longer than a day, and clocks jump by less.
ahead AS MATERIALIZED (
    SELECT b.id, b.starts_at, b.ends_at, p.time_zone,
           (b.starts_at AT TIME ZONE p.time_zone)::date AS first_day,
           ((b.ends_at - interval '1 microsecond') AT TIME ZONE p.time_zone)::date AS last_day
    FROM page p
    JOIN app.bookings b ON b.specialist_id = p_specialist
    WHERE b.starts_at >= (SELECT (p_first - 2)::timestamp AT TIME ZONE q.time_zone FROM page q)
      AND b.starts_at < (SELECT (p_last + 2)::timestamp AT TIME ZONE q.time_zone FROM page q)
      AND b.ends_at > app.now()
      AND b.status IN ('pending_payment', 'awaiting_confirmation', 'confirmed')
),
-- The date's custom hours together: those that stand, and the new ones.
opened AS MATERIALIZED (
    SELECT w.day, range_agg(tstzrange(w.opens, w.closes)) AS hours
    FROM (
        SELECT h.day, (h.day + h.starts_minute * interval '1 minute') AT TIME ZONE p.time_zone
                   AS opens,
               (h.day + h.ends_minute * interval '1 minute') AT TIME ZONE p.time_zone AS closes
        FROM page p
        CROSS JOIN (
            SELECT p_first + n AS day, p_starts_minute AS starts_minute,
                   p_ends_minute AS ends_minute
            FROM generate_series(0, p_last - p_first) n
            UNION ALL
            SELECT x.exception_date, x.starts_minute, x.ends_minute
            FROM app.specialist_availability_exceptions x
            WHERE x.specialist_id = p_specialist AND x.is_available
              AND x.exception_date BETWEEN p_first AND p_last) h
        WHERE p_is_available) w
    WHERE w.opens < w.closes
    GROUP BY w.day
),
touched AS MATERIALIZED (
    SELECT a.id, count(*) OVER () AS affected_count
    FROM ahead a
    WHERE CASE
        WHEN p_is_available THEN a.first_day BETWEEN p_first AND p_last AND NOT EXISTS (
            SELECT 1 FROM opened o
            WHERE o.day = a.first_day AND o.hours @> tstzrange(a.starts_at, a.ends_at))
        -- The date as its calendar has it, with both of its midnights where there are two.
        WHEN p_starts_minute IS NULL THEN a.first_day <= p_last AND a.last_day >= p_first
        -- As the engine has it: between two instants, which a jump of the clock may turn round, and
        -- a block inside a gap counts on into the next date.
        ELSE EXISTS (
            SELECT 1
            FROM (
                SELECT (d.day + p_starts_minute * interval '1 minute')
                           AT TIME ZONE a.time_zone AS starts_at,
                       (d.day + p_ends_minute * interval '1 minute')
                           AT TIME ZONE a.time_zone AS ends_at
                FROM (SELECT greatest(p_first, a.first_day - 1) + n AS day
                      FROM generate_series(0, least(p_last, a.last_day + 1)
                                              - greatest(p_first, a.first_day - 1)) n) d) s
            WHERE s.starts_at < s.ends_at
              AND a.starts_at < s.ends_at AND a.ends_at > s.starts_at) END
    ORDER BY a.starts_at, a.id
    LIMIT p_limit
)
SELECT v.id, v.starts_at, v.ends_at, v.status, v.client_id, v.client_name, v.payment_status,
       t.affected_count
FROM touched t
JOIN app.booking_views v ON v.id = t.id
ORDER BY v.starts_at, v.id
$$;
COMMENT ON FUNCTION app.sessions_affected(uuid, date, date, boolean, integer, integer, integer) IS
    'Live sessions ahead that such an exception on those dates, not yet made, would leave blocked or outside the custom hours; the first p_limit, each with the count of all. Minutes NULL: all day.';
GRANT EXECUTE ON FUNCTION
    app.sessions_affected(uuid, date, date, boolean, integer, integer, integer)
    TO consulta_user, consulta_admin;
