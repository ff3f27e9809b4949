-- The slot engine (D2): the one place that knows which starts are free. Invoker's rights, STABLE,
-- no SET clause and plain arguments: so PostgreSQL inlines it, and it works set-wise under LATERAL.
-- Pass plain values: a sub-select or a volatile call as an argument prevents inlining.
--
-- Wall clock times become instants as AT TIME ZONE does it: inside a spring gap with the offset of
-- before the jump, in an autumn overlap the second pass.

CREATE FUNCTION app.open_slots(
    p_specialist uuid,
    p_from timestamptz,
    p_to timestamptz,
    p_duration_minutes integer,
    p_exclude_slot uuid,
    p_now timestamptz)
RETURNS TABLE (
    starts_at timestamptz,
    ends_at timestamptz,
    claim_starts_at timestamptz,
    claim_ends_at timestamptz,
    local_date date)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 100
AS $$
WITH bounds AS MATERIALIZED (
    SELECT z.time_zone, z.earliest, z.latest, z.before, z.first_date, z.last_date,
           -- The claims that matter: those of whole local days, and four hours for buffers.
           (z.first_date::timestamp AT TIME ZONE z.time_zone) - interval '4 hours' AS claims_from,
           ((z.last_date + 1)::timestamp AT TIME ZONE z.time_zone) + interval '4 hours'
               AS claims_to
    FROM (
        SELECT y.time_zone, y.earliest, y.latest, y.before,
               -- Clocks that fall back over midnight give a later instant an earlier date, hence
               -- the three hours; what they add is cut off again by the instants themselves.
               ((y.earliest AT TIME ZONE y.time_zone) - interval '3 hours')::date AS first_date,
               least(((y.latest AT TIME ZONE y.time_zone) + interval '3 hours')::date,
                     (y.earliest AT TIME ZONE y.time_zone)::date + 61) AS last_date
        FROM (
            SELECT s.time_zone,
                   s.buffer_before_minutes * interval '1 minute' AS before,
                   greatest(p_from, p_now + s.minimum_notice_minutes * interval '1 minute')
                       AS earliest,
                   least(p_to, p_now + s.horizon_days * interval '24 hours'
                       + interval '1 microsecond') AS latest
            FROM app.specialists s
            WHERE s.id = p_specialist AND s.is_verified AND s.is_accepting
            OFFSET 0) y
        WHERE y.earliest < y.latest
        OFFSET 0) z
),
rules AS MATERIALIZED (
    SELECT r.weekday, r.starts_minute, r.ends_minute, r.slot_minutes, r.buffer_minutes,
           r.max_bookings_per_day
    FROM app.availability_rules r
    WHERE r.specialist_id = p_specialist AND r.is_active
),
exceptions AS MATERIALIZED (
    SELECT x.exception_date, x.is_available, x.starts_minute, x.ends_minute
    FROM bounds b
    JOIN app.specialist_availability_exceptions x
      ON x.specialist_id = p_specialist
         -- A block inside a gap counts on into the next date.
         AND x.exception_date >= b.first_date - 1 AND x.exception_date <= b.last_date + 1
),
claims AS NOT MATERIALIZED (
    SELECT c.starts_at, c.ends_at, c.session_starts_at
    FROM bounds b
    JOIN app.slots c
      ON c.specialist_id = p_specialist AND c.ends_at > b.claims_from
         AND c.starts_at < b.claims_to
    WHERE c.status IN ('held', 'booked')
      AND (c.status = 'booked' OR c.held_until > p_now)
      AND c.id IS DISTINCT FROM p_exclude_slot
),
-- Hours of a weekday, and custom hours of a date, which stand in for that date's rules.
hours AS (
    SELECT r.weekday::integer AS weekday, NULL::date AS on_date, r.starts_minute, r.ends_minute,
           r.slot_minutes, r.buffer_minutes
    FROM rules r
    UNION ALL
    SELECT (x.exception_date - date '0001-01-07') % 7, x.exception_date, x.starts_minute,
           x.ends_minute, coalesce(e.slot_minutes, 30::smallint),
           coalesce(e.buffer_minutes, 0::smallint)
    FROM exceptions x
    LEFT JOIN LATERAL (
        SELECT r.slot_minutes, r.buffer_minutes
        FROM rules r
        WHERE r.weekday = (x.exception_date - date '0001-01-07') % 7
        ORDER BY r.starts_minute, r.slot_minutes, r.buffer_minutes
        LIMIT 1) e ON true
    WHERE x.is_available
),
-- Hours that overlap are one window, with the slot length and buffer of the earliest. A head is a
-- row that begins when all before it have ended; its window ends where those before the next do.
heads AS (
    SELECT o.weekday, o.on_date, o.starts_minute, o.slot_minutes, o.buffer_minutes,
           coalesce(lead(o.ended_minute) OVER (
               PARTITION BY o.weekday, o.on_date
               ORDER BY o.starts_minute, o.slot_minutes, o.buffer_minutes), o.last_minute)
               AS ends_minute
    FROM (
        SELECT h.weekday, h.on_date, h.starts_minute, h.slot_minutes, h.buffer_minutes,
               max(h.ends_minute) OVER (
                   PARTITION BY h.weekday, h.on_date
                   ORDER BY h.starts_minute, h.slot_minutes, h.buffer_minutes
                   ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS ended_minute,
               max(h.ends_minute) OVER (PARTITION BY h.weekday, h.on_date) AS last_minute
        FROM hours h) o
    WHERE o.ended_minute IS NULL OR o.ended_minute <= o.starts_minute
),
days AS (
    SELECT d.day, (d.day - date '0001-01-07') % 7 AS weekday,
           d.day = ANY (ARRAY(SELECT x.exception_date FROM exceptions x WHERE x.is_available))
               AS is_custom
    FROM (SELECT b.first_date + generate_series(0, b.last_date - b.first_date) AS day
          FROM bounds b) d
    WHERE d.day <> ALL (ARRAY(
              SELECT x.exception_date FROM exceptions x
              WHERE NOT x.is_available AND x.starts_minute IS NULL))
      -- The daily cap, on the specialist's local date of the session.
      AND d.day <> ALL (CASE
          WHEN EXISTS (SELECT 1 FROM rules r WHERE r.max_bookings_per_day IS NOT NULL)
          THEN ARRAY(
              SELECT n.day
              FROM (
                  SELECT (c.session_starts_at AT TIME ZONE b.time_zone)::date AS day,
                         count(*) AS taken
                  FROM claims c CROSS JOIN bounds b
                  GROUP BY 1) n
              WHERE n.taken >= (
                  SELECT min(r.max_bookings_per_day) FROM rules r
                  WHERE r.weekday = (n.day - date '0001-01-07') % 7))
          ELSE '{}'::date[] END)
),
windows AS (
    SELECT w.day, w.time_zone, w.before, w.after, w.session, w.step, w.wall_opens, w.wall_closes,
           -- The grid counts from the opening; these are its first and last points in the range.
           greatest(w.opens,
               date_bin(w.step, w.earliest - interval '1 microsecond', w.opens) + w.step)
               AS first_start,
           least(w.closes - w.session, w.latest - interval '1 microsecond') AS last_start,
           w.closes - w.opens = w.wall_closes - w.wall_opens
               AND (w.closes AT TIME ZONE w.time_zone) = w.wall_closes AS is_plain
    FROM (
        SELECT v.*,
               v.wall_opens AT TIME ZONE v.time_zone AS opens,
               v.wall_closes AT TIME ZONE v.time_zone AS closes
        FROM (
            SELECT d.day, b.time_zone, b.earliest, b.latest, b.before,
                   h.buffer_minutes * interval '1 minute' AS after,
                   coalesce(p_duration_minutes, h.slot_minutes) * interval '1 minute' AS session,
                   (h.slot_minutes + h.buffer_minutes) * interval '1 minute' AS step,
                   d.day + h.starts_minute * interval '1 minute' AS wall_opens,
                   d.day + h.ends_minute * interval '1 minute' AS wall_closes
            FROM bounds b
            CROSS JOIN days d
            JOIN heads h ON h.weekday = d.weekday
                AND CASE WHEN d.is_custom THEN h.on_date = d.day ELSE h.on_date IS NULL END
            OFFSET 0) v
        OFFSET 0) w
    OFFSET 0
),
-- Part-day blocks as instants. A jump of the clock can turn a short one's ends round: it is empty.
blocked AS (
    SELECT y.starts_at, y.ends_at
    FROM (
        SELECT (x.exception_date + x.starts_minute * interval '1 minute') AT TIME ZONE b.time_zone
                   AS starts_at,
               (x.exception_date + x.ends_minute * interval '1 minute') AT TIME ZONE b.time_zone
                   AS ends_at
        FROM exceptions x CROSS JOIN bounds b
        WHERE NOT x.is_available AND x.starts_minute IS NOT NULL
        OFFSET 0) y
    WHERE y.starts_at < y.ends_at
),
-- Beginnings and ends, each in order: a span is free of a set when as many of the set have begun
-- before its end as have ended by its start. Two binary searches for each start, no join.
taken AS (
    SELECT coalesce(array_agg(c.starts_at ORDER BY c.starts_at), '{}') AS starts,
           coalesce(array_agg(c.ends_at ORDER BY c.ends_at), '{}') AS ends
    FROM claims c
),
closed AS (
    SELECT coalesce(array_agg(y.starts_at ORDER BY y.starts_at), '{}') AS starts,
           coalesce(array_agg(y.ends_at ORDER BY y.ends_at), '{}') AS ends
    FROM blocked y
)
SELECT k.starts_at, k.ends_at, k.claim_starts_at, k.claim_ends_at, k.day
FROM (
    SELECT g.starts_at, g.starts_at + g.session AS ends_at,
           g.starts_at - g.before AS claim_starts_at,
           g.starts_at + g.session + g.after AS claim_ends_at, g.day, g.is_plain, g.time_zone,
           g.wall_opens, g.wall_closes
    FROM (
        SELECT w.day, w.before, w.after, w.session, w.is_plain, w.time_zone, w.wall_opens,
               w.wall_closes, generate_series(w.first_start, w.last_start, w.step) AS starts_at
        FROM windows w) g
    OFFSET 0) k
WHERE width_bucket(k.claim_ends_at - interval '1 microsecond', (SELECT t.starts FROM taken t))
      = width_bucket(k.claim_starts_at, (SELECT t.ends FROM taken t))
  AND width_bucket(k.ends_at - interval '1 microsecond', (SELECT c.starts FROM closed c))
      = width_bucket(k.starts_at, (SELECT c.ends FROM closed c))
  -- Where the clock jumps, it must show a session's first and last moments within the hours: a
  -- window that ends inside a gap would otherwise offer the hour after it (D2).
  AND (k.is_plain
       OR (k.starts_at AT TIME ZONE k.time_zone) >= k.wall_opens
          AND (k.starts_at AT TIME ZONE k.time_zone) < k.wall_closes
          AND ((k.ends_at - interval '1 microsecond') AT TIME ZONE k.time_zone) < k.wall_closes)
$$;
COMMENT ON FUNCTION app.open_slots(uuid, timestamptz, timestamptz, integer, uuid, timestamptz) IS
    'Session starts with p_from <= starts_at < p_to that can be claimed at p_now, with the span that a claim takes; at most the first 62 local dates. p_duration_minutes NULL: each window''s slot length.';
GRANT EXECUTE ON FUNCTION
    app.open_slots(uuid, timestamptz, timestamptz, integer, uuid, timestamptz)
    TO consulta_definer, consulta_worker;
