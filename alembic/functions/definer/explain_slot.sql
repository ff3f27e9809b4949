-- Why a start is not offered: every fact that the engine goes by, each asked by itself. A refused
-- claim and the explanation get their reasons here; a property test holds them against the engine.

-- Custom hours stand in for the weekday's; hours that overlap are one window, with the slot length
-- and buffer of the earliest: the engine's words for a single date.
CREATE FUNCTION app.hours_on(p_specialist uuid, p_day date)
RETURNS TABLE (
    starts_minute smallint, ends_minute smallint, slot_minutes smallint, buffer_minutes smallint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = app, pg_catalog, pg_temp AS $$
WITH rules AS (
    SELECT r.starts_minute, r.ends_minute, r.slot_minutes, r.buffer_minutes
    FROM app.availability_rules r
    WHERE r.specialist_id = p_specialist AND r.is_active AND r.weekday = extract(dow FROM p_day)
),
customs AS (
    SELECT x.starts_minute, x.ends_minute, coalesce(e.slot_minutes, 30::smallint) AS slot_minutes,
           coalesce(e.buffer_minutes, 0::smallint) AS buffer_minutes
    FROM app.specialist_availability_exceptions x
    LEFT JOIN (
        SELECT r.slot_minutes, r.buffer_minutes FROM rules r
        ORDER BY r.starts_minute, r.slot_minutes, r.buffer_minutes
        LIMIT 1) e ON true
    WHERE x.specialist_id = p_specialist AND x.exception_date = p_day AND x.is_available
),
hours AS (
    SELECT c.* FROM customs c
    UNION ALL
    SELECT r.* FROM rules r WHERE NOT EXISTS (SELECT FROM customs)
)
SELECT o.starts_minute,
       coalesce(lead(o.ended_minute) OVER (
           ORDER BY o.starts_minute, o.slot_minutes, o.buffer_minutes), o.last_minute),
       o.slot_minutes, o.buffer_minutes
FROM (
    SELECT h.starts_minute, h.slot_minutes, h.buffer_minutes,
           max(h.ends_minute) OVER (
               ORDER BY h.starts_minute, h.slot_minutes, h.buffer_minutes
               ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS ended_minute,
           max(h.ends_minute) OVER () AS last_minute
    FROM hours h) o
WHERE o.ended_minute IS NULL OR o.ended_minute <= o.starts_minute
$$;
COMMENT ON FUNCTION app.hours_on(uuid, date) IS
    'The windows of that date before blocks, in minutes of the local day.';

CREATE FUNCTION app.window_at(p_specialist uuid, p_at timestamptz, p_zone text)
RETURNS TABLE (
    opens timestamptz, closes timestamptz, wall_closes timestamp, slot_minutes smallint,
    buffer_minutes smallint, is_shown boolean, is_within boolean)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = app, pg_catalog, pg_temp AS $$
SELECT w.wall_opens AT TIME ZONE p_zone, w.wall_closes AT TIME ZONE p_zone, w.wall_closes,
       w.slot_minutes, w.buffer_minutes, s.is_shown, s.is_within
FROM (SELECT p_at AT TIME ZONE p_zone AS wall) m
CROSS JOIN LATERAL (
    SELECT m.wall::date + h.starts_minute * interval '1 minute' AS wall_opens,
           m.wall::date + h.ends_minute * interval '1 minute' AS wall_closes,
           h.slot_minutes, h.buffer_minutes
    FROM app.hours_on(p_specialist, m.wall::date) h) w
CROSS JOIN LATERAL (
    SELECT m.wall >= w.wall_opens AND m.wall < w.wall_closes AS is_shown,
           p_at >= w.wall_opens AT TIME ZONE p_zone AND p_at < w.wall_closes AT TIME ZONE p_zone
               AS is_within) s
ORDER BY s.is_shown AND s.is_within DESC, s.is_shown OR s.is_within DESC,
         CASE WHEN w.wall_opens <= m.wall THEN w.wall_opens END DESC NULLS LAST, w.wall_opens
LIMIT 1
$$;
COMMENT ON FUNCTION app.window_at(uuid, timestamptz, text) IS
    'The window of the local date that an instant falls in, else the last that has opened, else the first; none on a date without hours. is_shown: by the wall clock; is_within: by the time that has passed. They differ only where the clock jumps.';

CREATE FUNCTION app.slot_reasons(
    p_specialist uuid, p_minutes integer, p_at timestamptz, p_own_slot uuid)
RETURNS text[]
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = app, pg_catalog, pg_temp AS $$
DECLARE
    moment timestamptz := app.now();
    page app.specialists;
    hours record;
    wall timestamp;
    ends timestamptz;
    in_hours boolean;
    may_be_sold boolean;
    most integer;
BEGIN
    SELECT * INTO page FROM app.specialists s WHERE s.id = p_specialist;
    wall := p_at AT TIME ZONE page.time_zone;
    SELECT * INTO hours FROM app.window_at(p_specialist, p_at, page.time_zone);
    ends := p_at + coalesce(p_minutes, hours.slot_minutes, 30) * interval '1 minute';
    in_hours := coalesce(hours.is_shown AND hours.is_within, false);
    -- Of times that are over, or of a calendar that is shut, nobody is told who had them.
    may_be_sold := page.is_verified AND page.is_accepting AND p_at >= moment;
    SELECT min(r.max_bookings_per_day) INTO most
    FROM app.availability_rules r
    WHERE r.specialist_id = p_specialist AND r.is_active AND r.weekday = extract(dow FROM wall);
    RETURN ARRAY(
        SELECT reason.code
        FROM (VALUES
            (1, 'not_accepting', NOT (page.is_verified AND page.is_accepting)),
            (2, 'in_the_past', p_at < moment),
            (3, 'too_soon', p_at >= moment
                AND p_at < moment + page.minimum_notice_minutes * interval '1 minute'),
            (4, 'beyond_horizon', p_at > moment + page.horizon_days * interval '24 hours'),
            (5, 'day_blocked', EXISTS (
                SELECT 1 FROM app.specialist_availability_exceptions x
                WHERE x.specialist_id = p_specialist AND x.exception_date = wall::date
                  AND NOT x.is_available AND x.starts_minute IS NULL)),
            (6, 'time_blocked', app.is_blocked(p_specialist, p_at, ends, page.time_zone)),
            (7, 'outside_hours', NOT coalesce(hours.is_shown OR hours.is_within, false)),
            (8, 'off_grid', in_hours AND p_at <> date_bin(
                (hours.slot_minutes + hours.buffer_minutes) * interval '1 minute', p_at,
                hours.opens)),
            (9, 'does_not_fit', in_hours AND ends > hours.closes),
            (10, 'clock_change', hours.is_shown <> hours.is_within
                OR in_hours AND ends <= hours.closes
                   AND (ends - interval '1 microsecond') AT TIME ZONE page.time_zone
                       >= hours.wall_closes),
            (11, 'taken', may_be_sold AND app.is_taken(p_specialist,
                p_at - page.buffer_before_minutes * interval '1 minute',
                ends + coalesce(hours.buffer_minutes, 0) * interval '1 minute', p_own_slot)),
            (12, 'day_full', may_be_sold AND most IS NOT NULL
                AND app.sessions_on(p_specialist, wall::date, page.time_zone, p_own_slot) >= most)
            ) AS reason (place, code, holds)
        WHERE reason.holds
        ORDER BY reason.place);
END
$$;
COMMENT ON FUNCTION app.slot_reasons(uuid, integer, timestamptz, uuid) IS
    'Why that start is not offered now, as codes; none where the engine offers it. NULL minutes: the window''s slot length, else half an hour.';

CREATE FUNCTION app.is_taken(
    p_specialist uuid, p_from timestamptz, p_to timestamptz, p_own_slot uuid)
RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = app, pg_catalog, pg_temp AS $$
    SELECT EXISTS (
        SELECT 1 FROM app.slots c
        WHERE c.specialist_id = p_specialist AND c.status IN ('held', 'booked')
          AND (c.status = 'booked' OR c.held_until > app.now()) AND c.id IS DISTINCT FROM p_own_slot
          AND c.ends_at > p_from AND c.starts_at < p_to)
$$;
COMMENT ON FUNCTION app.is_taken(uuid, timestamptz, timestamptz, uuid) IS
    'Whether a live claim, the own one left out, overlaps that span.';

CREATE FUNCTION app.is_blocked(
    p_specialist uuid, p_from timestamptz, p_to timestamptz, p_zone text)
RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = app, pg_catalog, pg_temp AS $$
    SELECT EXISTS (
        SELECT 1
        FROM (
            SELECT (x.exception_date + x.starts_minute * interval '1 minute') AT TIME ZONE p_zone
                       AS starts_at,
                   (x.exception_date + x.ends_minute * interval '1 minute') AT TIME ZONE p_zone
                       AS ends_at
            FROM app.specialist_availability_exceptions x
            WHERE x.specialist_id = p_specialist AND NOT x.is_available
              AND x.starts_minute IS NOT NULL
              -- A block inside a gap of the clock counts on into the next date.
              AND x.exception_date >= (p_from AT TIME ZONE p_zone)::date - 1
              AND x.exception_date <= (p_to AT TIME ZONE p_zone)::date + 1) b
        WHERE b.starts_at < b.ends_at AND b.starts_at < p_to AND b.ends_at > p_from)
$$;
COMMENT ON FUNCTION app.is_blocked(uuid, timestamptz, timestamptz, text) IS
    'Whether a part-day block overlaps that span; one that a jump of the clock turns round is empty.';

-- The body turns the server's time zone to the reader's, as app.slots_json does.
CREATE FUNCTION app.explain_slot(
    p_specialist uuid, p_at timestamptz, p_rate uuid, p_exclude_booking uuid, p_zone text)
RETURNS jsonb
LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = app, pg_catalog, pg_temp
SET timezone = 'UTC'
SET plan_cache_mode = force_generic_plan
AS $$
DECLARE
    moment timestamptz := app.now();
    own_zone text;
    horizon timestamptz;
    minutes integer;
    length integer;
    own_slot uuid;
    pivot timestamptz;
    earliest timestamptz;
    latest timestamptz;
    offer record;
BEGIN
    SELECT s.time_zone, moment + s.horizon_days * interval '24 hours', r.duration_minutes
    INTO own_zone, horizon, minutes
    FROM app.specialists s
    LEFT JOIN app.specialist_rates r
      ON r.specialist_id = s.id AND r.is_active
         AND CASE WHEN p_rate IS NULL THEN r.kind = 'standard' ELSE r.id = p_rate END
    WHERE s.id = p_specialist AND s.is_verified AND (p_rate IS NULL OR r.id IS NOT NULL);
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    SELECT b.slot_id, extract(epoch FROM b.ends_at - b.starts_at) / 60 INTO own_slot, length
    FROM app.bookings b
    WHERE b.id = p_exclude_booking AND b.specialist_id = p_specialist
      AND (b.client_id = app.user_id() OR b.specialist_id = app.user_id());
    -- Who moves a session keeps the length that was sold.
    minutes := coalesce(length, minutes);
    SELECT coalesce(minutes, w.slot_minutes) INTO length
    FROM app.window_at(p_specialist, p_at, own_zone) w;
    -- A month either way is one call of the engine; what lies outside of all that can be booked is
    -- nearest to its edge.
    pivot := least(greatest(p_at, moment), horizon);
    earliest := pivot - interval '30 days';
    latest := pivot + interval '30 days';
    SELECT coalesce(bool_or(o.starts_at = p_at), false) AS is_offered,
           max(o.starts_at) FILTER (WHERE o.starts_at < p_at) AS before,
           min(o.starts_at) FILTER (WHERE o.starts_at > p_at) AS after
    INTO offer
    FROM app.open_slots(p_specialist, earliest, latest, minutes, own_slot, moment) o;
    PERFORM set_config('timezone', coalesce(p_zone, own_zone), true);
    RETURN jsonb_build_object(
        'time_zone', coalesce(p_zone, own_zone), 'local_at', p_at, 'offered', offer.is_offered,
        'reasons', app.slot_reasons(p_specialist, minutes, p_at, own_slot),
        'session', jsonb_build_object('starts_at', p_at,
            'ends_at', p_at + coalesce(length, minutes, 30) * interval '1 minute'),
        'nearest', jsonb_build_object('before', offer.before, 'after', offer.after));
END
$$;
COMMENT ON FUNCTION app.explain_slot(uuid, timestamptz, uuid, uuid, text) IS
    'Whether the engine offers that start, every reason against it, and the nearest starts that are offered within 30 days. NULL: no such specialist or rate. The booking left out counts for its parties only.';
GRANT EXECUTE ON FUNCTION app.explain_slot(uuid, timestamptz, uuid, uuid, text)
    TO consulta_anonymous, consulta_user, consulta_admin, consulta_worker;
