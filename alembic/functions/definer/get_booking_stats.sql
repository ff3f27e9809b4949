CREATE FUNCTION app.get_booking_stats() RETURNS jsonb
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = app, pg_catalog, pg_temp AS $$
    SELECT jsonb_build_object(
        'counts', coalesce((SELECT jsonb_object_agg(q.status, q.n) FROM (
            SELECT b.status, count(*) AS n FROM app.bookings b GROUP BY b.status) q), '{}'),
        'total', (SELECT count(*) FROM app.bookings),
        'live_holds', (SELECT count(*) FROM app.slots s
            WHERE s.status = 'held' AND s.held_until > app.now()
              AND NOT EXISTS (SELECT 1 FROM app.bookings b WHERE b.slot_id = s.id)),
        'overdue_unpaid', (SELECT count(*) FROM app.bookings b
            WHERE b.status = 'pending_payment' AND b.expires_at <= app.now()),
        'revenue', coalesce((SELECT jsonb_object_agg(q.currency, q.net) FROM (
            SELECT p.currency, sum(p.captured_minor - p.refunded_minor) AS net FROM app.payments p
            WHERE p.captured_minor > 0 GROUP BY p.currency) q), '{}'),
        'at', app.now())
$$;
COMMENT ON FUNCTION app.get_booking_stats() IS
    'Counts by status, live holds, overdue unpaid bookings, and revenue per currency in minor units.';
GRANT EXECUTE ON FUNCTION app.get_booking_stats() TO consulta_worker, consulta_admin;
