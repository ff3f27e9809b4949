-- The list of free times as people get it: finished JSON, built once, passed on as bytes.

-- time zone is set here so that what the body sets is undone at the end: timestamps become RFC 3339
-- in the reader's zone by the server's own conversion, the cheapest there is.
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
    v_now timestamptz := app.now();
    v_from timestamptz := coalesce(p_from, v_now);
    v_to timestamptz := coalesce(p_to, v_from + interval '336 hours');
    v_zone text;
    v_minutes integer;
    v_slot uuid;
    v_items text;
BEGIN
    IF p_rate IS NULL THEN
        SELECT coalesce(p_zone, s.time_zone), r.duration_minutes INTO v_zone, v_minutes
        FROM app.specialists s
        LEFT JOIN app.specialist_rates r
          ON r.specialist_id = s.id AND r.kind = 'standard' AND r.is_active
        WHERE s.id = p_specialist AND s.is_verified;
    ELSE
        SELECT coalesce(p_zone, s.time_zone), r.duration_minutes INTO v_zone, v_minutes
        FROM app.specialists s
        JOIN app.specialist_rates r ON r.specialist_id = s.id
        WHERE s.id = p_specialist AND s.is_verified AND r.id = p_rate AND r.is_active;
    END IF;
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    IF p_exclude_booking IS NOT NULL THEN
        SELECT b.slot_id INTO v_slot FROM app.bookings b
        WHERE b.id = p_exclude_booking AND b.specialist_id = p_specialist
          AND (b.client_id = app.user_id() OR b.specialist_id = app.user_id());
    END IF;
    PERFORM set_config('timezone', v_zone, true);
    SELECT string_agg('{"starts_at":' || to_json(o.starts_at) || ',"ends_at":' || to_json(o.ends_at)
               || ',"local_date":' || to_json(o.local_date) || '}', ',' ORDER BY o.starts_at)
    INTO v_items
    FROM app.open_slots(p_specialist, v_from, v_to, v_minutes, v_slot, v_now) o;
    RETURN '{"time_zone":' || to_json(v_zone) || ',"items":[' || coalesce(v_items, '') || ']}';
END
$$;
COMMENT ON FUNCTION app.slots_json(uuid, timestamptz, timestamptz, uuid, uuid, text) IS
    'Free times as JSON text in the zone asked for (default: the specialist''s), from now for 14 days unless said otherwise. NULL: no such specialist or rate. A zone that PostgreSQL does not know is its error 22023. The booking left out counts for its parties only.';
GRANT EXECUTE ON FUNCTION
    app.slots_json(uuid, timestamptz, timestamptz, uuid, uuid, text)
    TO consulta_anonymous, consulta_user, consulta_admin, consulta_worker;
