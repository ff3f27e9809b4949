-- Claims that nothing stands behind: freed in passing, and the opposite fault reported.

CREATE FUNCTION app.cleanup_orphaned_slots() RETURNS jsonb
LANGUAGE plpgsql SECURITY DEFINER SET search_path = app, pg_catalog, pg_temp AS $$
DECLARE
    orphans uuid[];
    owners uuid[];
    missing uuid[];
BEGIN
    SELECT array_agg(q.id), array_agg(q.specialist_id) INTO orphans, owners
    FROM (
        SELECT s.id, s.specialist_id
        FROM app.calendars k
        -- Calendar by calendar, only what lies ahead: what has passed is in nobody's way, and there
        -- is more of it every day.
        CROSS JOIN LATERAL (
            SELECT * FROM app.slots s
            WHERE s.specialist_id = k.specialist_id AND s.status IN ('held', 'booked')
              AND s.ends_at > app.now()
            OFFSET 0) s
        WHERE NOT EXISTS (
              SELECT 1 FROM app.bookings b
              WHERE b.slot_id = s.id
                AND b.status NOT IN ('cancelled', 'declined', 'expired'))
          AND (s.status = 'booked' OR s.held_until <= app.now()
               OR EXISTS (SELECT 1 FROM app.bookings b WHERE b.slot_id = s.id))
        LIMIT 500) q;
    -- Sorted, so that two sweeps never wait for each other; then asked again under the locks.
    PERFORM 1 FROM app.calendars c WHERE c.specialist_id = ANY (owners)
    ORDER BY c.specialist_id FOR UPDATE;
    WITH freed AS (
        UPDATE app.slots s SET status = 'released'
        WHERE s.id = ANY (orphans) AND s.status IN ('held', 'booked')
          AND NOT EXISTS (
              SELECT 1 FROM app.bookings b
              WHERE b.slot_id = s.id
                AND b.status NOT IN ('cancelled', 'declined', 'expired'))
        RETURNING s.id, s.specialist_id),
    changed AS (
        UPDATE app.calendars c SET revision = c.revision + 1, updated_at = app.now()
        WHERE c.specialist_id IN (SELECT f.specialist_id FROM freed f)
    )
    SELECT array_agg(f.id) INTO orphans FROM freed f;
    SELECT array_agg(q.id) INTO missing
    FROM (
        SELECT b.id
        FROM (
            -- As two conditions, each of which has a small index of its own; the order of ids would
            -- lead through the bookings of all times, and a join through all claims.
            SELECT * FROM app.bookings b
            WHERE b.status = 'confirmed'
               OR b.status IN ('pending_payment', 'awaiting_confirmation')
            OFFSET 0) b
        CROSS JOIN LATERAL (
            SELECT 1 FROM app.slots s WHERE s.id = b.slot_id AND s.status = 'released' OFFSET 0) s
        ORDER BY b.id LIMIT 100) q;
    RETURN jsonb_build_object('released', coalesce(cardinality(orphans), 0),
        'live_bookings_without_slot', to_jsonb(coalesce(missing, '{}')));
END
$$;
COMMENT ON FUNCTION app.cleanup_orphaned_slots() IS
    'Releases at most 500 claims ahead without a booking that stands and without a live hold, says how many, and names up to 100 live bookings whose claim is gone.';
GRANT EXECUTE ON FUNCTION app.cleanup_orphaned_slots() TO consulta_worker, consulta_admin;
