-- The dates of a series, at the specialist's local wall time (D13): for creating and for dispatching.

CREATE FUNCTION app.next_series_date(p_frequency text, p_anchor_day smallint, p_date date)
RETURNS date
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE p_frequency
        WHEN 'weekly' THEN p_date + 7
        WHEN 'biweekly' THEN p_date + 14
        WHEN 'monthly' THEN least(
            (date_trunc('month', p_date::timestamp) + interval '1 month')::date + (p_anchor_day - 1),
            (date_trunc('month', p_date::timestamp) + interval '2 months')::date - 1)
        END
$$;
COMMENT ON FUNCTION app.next_series_date(text, smallint, date) IS
    'The date after p_date: a week or two later, or the anchor day of the next month, which a shorter month cuts to its last day (D13).';

CREATE FUNCTION app.series_dates(
    p_frequency text, p_anchor_day smallint, p_from date, p_until date, p_limit integer)
RETURNS TABLE (local_date date)
LANGUAGE sql IMMUTABLE PARALLEL SAFE ROWS 20 AS $$
    SELECT d.local_date
    FROM (
        SELECT n, CASE
            WHEN n = 0 THEN p_from
            WHEN p_frequency = 'weekly' THEN p_from + 7 * n
            WHEN p_frequency = 'biweekly' THEN p_from + 14 * n
            ELSE app.next_series_date(p_frequency, p_anchor_day,
                (date_trunc('month', p_from::timestamp) + make_interval(months => n - 1))::date)
            END AS local_date
        FROM generate_series(0, least(p_limit, 400) - 1) n
    ) d
    WHERE p_until IS NULL OR d.local_date <= p_until
    ORDER BY d.n
$$;
COMMENT ON FUNCTION app.series_dates(text, smallint, date, date, integer) IS
    'p_from itself and the dates of the series after it, up to p_until (NULL: open-ended), at most p_limit of them and never more than 400.';

CREATE FUNCTION app.series_start(p_date date, p_time time, p_zone text) RETURNS timestamptz
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT (p_date + p_time) AT TIME ZONE p_zone
$$;
COMMENT ON FUNCTION app.series_start(date, time, text) IS
    'The instant at which that zone''s clock shows that time on that date; in gaps and overlaps as app.open_slots reads the clock (D2).';

GRANT EXECUTE ON FUNCTION
    app.next_series_date(text, smallint, date),
    app.series_dates(text, smallint, date, date, integer),
    app.series_start(date, time, text)
    TO consulta_worker, consulta_definer;
