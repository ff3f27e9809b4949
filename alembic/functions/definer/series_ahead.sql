-- What lies ahead of a series: its dates, and whether each is free at this moment (D13).

CREATE FUNCTION app.upcoming_series_dates(p_series uuid, p_most integer)
RETURNS TABLE (local_date date, starts_at timestamptz)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = app, pg_catalog, pg_temp AS $$
DECLARE
    series app.recurring_bookings := app.series_of_caller(p_series, false);
BEGIN
    RETURN QUERY
    SELECT d.local_date, app.series_start(d.local_date, series.local_time, s.time_zone)
    FROM app.specialists s
    CROSS JOIN app.series_dates(series.frequency, series.anchor_day, series.next_booking_date,
        series.end_date, 400) d
    WHERE s.id = series.specialist_id AND series.status = 'active'
      AND app.series_start(d.local_date, series.local_time, s.time_zone) > app.now()
      AND NOT EXISTS (SELECT 1 FROM app.recurring_booking_occurrences o
                      WHERE o.recurring_booking_id = p_series AND o.local_date = d.local_date)
    ORDER BY 1
    LIMIT least(p_most, 100);
END
$$;
COMMENT ON FUNCTION app.upcoming_series_dates(uuid, integer) IS
    'The next dates of an active series of which nothing has become yet; none for strangers.';
GRANT EXECUTE ON FUNCTION app.upcoming_series_dates(uuid, integer)
    TO consulta_user, consulta_admin;

-- The one engine is asked for each date (D2). Minimum notice speaks against the next days alone, as
-- it will at the dispatch, and beyond the horizon nobody knows yet.
CREATE FUNCTION app.preview_series(
    p_series uuid, p_specialist uuid, p_rate uuid, p_frequency text, p_anchor_day smallint,
    p_from date, p_until date, p_time time, p_most integer)
RETURNS TABLE (
    local_date date, starts_at timestamptz, ends_at timestamptz, state text,
    nearest_starts_at timestamptz, nearest_local_date date)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = app, pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
    moment timestamptz := app.now();
    minutes integer := app.bookable_minutes(p_specialist, p_rate);
    page app.specialists;
    mine uuid := (app.series_of_caller(p_series, false)).id;
BEGIN
    SELECT * INTO page FROM app.specialists s WHERE s.id = p_specialist;
    RETURN QUERY
    WITH dates AS MATERIALIZED (
        SELECT d.local_date, app.series_start(d.local_date, p_time, page.time_zone) AS starts_at
        FROM app.series_dates(p_frequency, p_anchor_day, p_from, p_until, 400) d
        WHERE app.series_start(d.local_date, p_time, page.time_zone) > moment
          AND NOT EXISTS (SELECT 1 FROM app.recurring_booking_occurrences o
                          WHERE o.recurring_booking_id = mine AND o.local_date = d.local_date)
        ORDER BY d.local_date
        LIMIT least(p_most, 60)
    ), asked AS MATERIALIZED (
        SELECT d.local_date, d.starts_at, o.ends_at,
               CASE WHEN d.starts_at > moment + page.horizon_days * interval '24 hours'
                        THEN 'not_open_yet'
                    WHEN o.starts_at IS NOT NULL THEN 'free'
                    ELSE CASE app.claim_refusal(p_specialist, minutes, d.starts_at, NULL)
                        WHEN 'SLOT_TAKEN' THEN 'taken' WHEN 'DAY_FULL' THEN 'day_full'
                        ELSE 'closed' END END AS state
        FROM dates d
        LEFT JOIN LATERAL app.open_slots(p_specialist, d.starts_at,
            d.starts_at + interval '1 microsecond', minutes, NULL, moment) o ON true
    )
    SELECT a.local_date, a.starts_at,
           coalesce(a.ends_at, a.starts_at + make_interval(mins => coalesce(minutes,
               (SELECT w.slot_minutes
                FROM app.window_at(p_specialist, a.starts_at, page.time_zone) w), 30))),
           a.state, n.starts_at, n.local_date
    FROM asked a
    LEFT JOIN LATERAL (
        SELECT o.starts_at, o.local_date
        FROM app.open_slots(p_specialist,
            app.series_start(a.local_date - 7, time '00:00', page.time_zone),
            app.series_start(a.local_date + 8, time '00:00', page.time_zone),
            minutes, NULL, moment) o
        ORDER BY abs(o.local_date - a.local_date),
                 abs(extract(epoch FROM (o.starts_at AT TIME ZONE page.time_zone)::time - p_time)),
                 o.starts_at
        LIMIT 1) n ON a.state NOT IN ('free', 'not_open_yet')
    ORDER BY a.local_date;
END
$$;
COMMENT ON FUNCTION app.preview_series(uuid, uuid, uuid, text, smallint, date, date, time, integer) IS
    'The dates of such a series that are still to come: free, or why not (taken, day_full, closed), with the nearest free start, of the same date or else of the nearest one within seven days, and there the nearest to that time; not_open_yet beyond the horizon. A refusal of app.bookable_minutes.';
GRANT EXECUTE ON FUNCTION
    app.preview_series(uuid, uuid, uuid, text, smallint, date, date, time, integer)
    TO consulta_user, consulta_admin;
