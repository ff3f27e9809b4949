-- The list of free times as people get it: finished JSON, built once, passed on as bytes.

-- The body turns the server's time zone to the reader's, so that timestamps become RFC 3339 by the
-- server's own conversion, the cheapest there is; SET timezone undoes that when the function ends.
CREATE FUNCTION app.slots_json(
    p_specialist uuid, p_from timestamptz, p_to timestamptz, p_rate uuid, p_exclude_booking uuid,
    p_zone text)
RETURNS text
LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = app, pg_catalog, pg_temp
SET timezone = 'UTC'
SET plan_cache_mode = force_generic_plan
AS $$
DECLARE
    moment timestamptz := app.now();
    earliest timestamptz := coalesce(p_from, moment);
    latest timestamptz := coalesce(p_to, earliest + interval '336 hours');
    zone text;
    minutes integer;
    own_slot uuid;
    own_minutes integer;
    items text;
BEGIN
    IF p_rate IS NULL THEN
        SELECT coalesce(p_zone, s.time_zone), r.duration_minutes INTO zone, minutes
        FROM app.specialists s
        LEFT JOIN app.specialist_rates r
          ON r.specialist_id = s.id AND r.kind = 'standard' AND r.is_active
        WHERE s.id = p_specialist AND s.is_verified;
    ELSE
        SELECT coalesce(p_zone, s.time_zone), r.duration_minutes INTO zone, minutes
        FROM app.specialists s
        JOIN app.specialist_rates r ON r.specialist_id = s.id
        WHERE s.id = p_specialist AND s.is_verified AND r.id = p_rate AND r.is_active;
    END IF;
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    IF p_exclude_booking IS NOT NULL THEN
        SELECT b.slot_id, extract(epoch FROM b.ends_at - b.starts_at) / 60
        INTO own_slot, own_minutes
        FROM app.bookings b
        WHERE b.id = p_exclude_booking AND b.specialist_id = p_specialist
          AND (b.client_id = app.user_id() OR b.specialist_id = app.user_id());
        -- Who moves a session keeps the length that was sold.
        minutes := coalesce(own_minutes, minutes);
    END IF;
    PERFORM set_config('timezone', zone, true);
    SELECT json_agg(listed) INTO items
    FROM (
        SELECT o.starts_at, o.ends_at, o.local_date
        FROM app.open_slots(p_specialist, earliest, latest, minutes, own_slot, moment) o
        ORDER BY o.starts_at) listed;
    RETURN '{"time_zone":' || to_json(zone) || ',"items":' || coalesce(items, '[]') || '}';
END
$$;
COMMENT ON FUNCTION app.slots_json(uuid, timestamptz, timestamptz, uuid, uuid, text) IS
    'Free times as JSON text in the zone asked for (default: the specialist''s), from now for 14 days unless said otherwise. NULL: no such specialist or rate. A zone that PostgreSQL does not know is its error 22023. The booking left out counts for its parties only.';
GRANT EXECUTE ON FUNCTION
    app.slots_json(uuid, timestamptz, timestamptz, uuid, uuid, text)
    TO consulta_anonymous, consulta_user, consulta_admin, consulta_worker;
