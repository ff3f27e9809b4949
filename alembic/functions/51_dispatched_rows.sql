-- The second half of a dispatch (app.dispatch_series): what is written once all dates are decided.
-- Its temporary tables: dispatch_dates, every due date; dispatch_claims, those that were claimed.

CREATE FUNCTION app.book_dispatched() RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM set_config('app.move_reason', 'made from a series', true);
    INSERT INTO app.bookings (id, specialist_id, client_id, rate_id, slot_id, kind, status,
        starts_at, ends_at, price_minor, discount_minor, currency, policy, policy_tiers,
        auto_confirm, expires_at, note, booked_by, package_purchase_id, recurring_booking_id)
    SELECT c.booking_id, d.specialist_id, d.client_id, d.rate_id, c.slot_id, d.kind, d.opening,
           c.starts_at, c.ends_at, d.price_minor,
           CASE WHEN d.package_purchase_id IS NOT NULL THEN d.price_minor ELSE 0 END, d.currency,
           p.cancellation_policy, p.policy_tiers, d.is_accepted, d.expires_at, d.note, d.created_by,
           d.package_purchase_id, d.series_id
    FROM pg_temp.dispatch_claims c
    JOIN pg_temp.dispatch_dates d ON d.n = c.n
    JOIN pg_temp.dispatch_calendars p ON p.specialist_id = d.specialist_id
    ORDER BY d.n;
    PERFORM set_config('app.move_reason', '', true);
    INSERT INTO app.package_credits
        (purchase_id, specialist_id, client_id, kind, credits, booking_id)
    SELECT d.package_purchase_id, d.specialist_id, d.client_id, 'reserved', -1, c.booking_id
    FROM pg_temp.dispatch_claims c JOIN pg_temp.dispatch_dates d ON d.n = c.n
    WHERE d.package_purchase_id IS NOT NULL;
    WITH owed AS (
        INSERT INTO app.payments
            (booking_id, specialist_id, client_id, provider, account, amount_minor, currency,
             saved_method_id, authorize_from)
        SELECT c.booking_id, d.specialist_id, d.client_id, d.paid_by, d.paid_through,
               d.price_minor, d.currency, d.saved_method_id,
               CASE WHEN d.saved_method_id IS NOT NULL THEN app.charge_from(c.starts_at) END
        FROM pg_temp.dispatch_claims c JOIN pg_temp.dispatch_dates d ON d.n = c.n
        WHERE d.paid_by IS NOT NULL
        RETURNING id, provider, amount_minor, saved_method_id)
    INSERT INTO app.payment_operations (payment_id, kind, amount_minor)
    SELECT o.id, 'authorize', o.amount_minor FROM owed o
    WHERE o.provider <> 'manual' AND o.saved_method_id IS NULL;
    INSERT INTO app.recurring_booking_occurrences (id, recurring_booking_id, specialist_id,
        client_id, local_date, starts_at, outcome, reason, booking_id, series_revision)
    SELECT coalesce(c.booking_id, app.new_id()), d.series_id, d.specialist_id, d.client_id, d.local_date, d.starts_at,
           coalesce(d.outcome, 'booked'), d.reason, c.booking_id, d.revision
    FROM pg_temp.dispatch_dates d LEFT JOIN pg_temp.dispatch_claims c ON c.n = d.n
    WHERE d.outcome IS NULL OR d.outcome = 'skipped';
    UPDATE app.calendars c SET revision = c.revision + 1, updated_at = app.now()
    WHERE c.specialist_id IN (
        SELECT d.specialist_id FROM pg_temp.dispatch_claims k
        JOIN pg_temp.dispatch_dates d ON d.n = k.n);
END
$$;
COMMENT ON FUNCTION app.book_dispatched() IS
    'The claims have their bookings, with what pays for them, and every decided date its row.';

CREATE FUNCTION app.tell_dispatched(p_actor text) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO app.outbox (id, topic, payload)
    SELECT coalesce(c.booking_id, app.new_id()),
           CASE WHEN c.n IS NOT NULL THEN 'booking.requested' ELSE 'series.skipped' END,
           CASE WHEN c.n IS NOT NULL THEN jsonb_build_object(
               'booking_id', c.booking_id, 'specialist_id', d.specialist_id,
               'client_id', d.client_id, 'series_id', d.series_id)
           ELSE jsonb_build_object(
               'series_id', d.series_id, 'specialist_id', d.specialist_id,
               'client_id', d.client_id, 'local_date', d.local_date, 'starts_at', d.starts_at,
               'reason', d.reason) END
    FROM pg_temp.dispatch_dates d LEFT JOIN pg_temp.dispatch_claims c ON c.n = d.n
    WHERE d.outcome IS NULL OR d.outcome = 'skipped';
    INSERT INTO app.audit_logs
        (id, actor, action, subject_type, subject_id, new_values, request_id)
    SELECT coalesce(c.booking_id, app.new_id()), p_actor,
           CASE WHEN c.n IS NOT NULL THEN 'booking.requested'
                ELSE 'series.skipped' END,
           CASE WHEN c.n IS NOT NULL THEN 'booking' ELSE 'recurring_booking' END,
           coalesce(c.booking_id, d.series_id),
           CASE WHEN c.n IS NOT NULL THEN jsonb_build_object('status', d.opening,
               'starts_at', d.starts_at, 'amount_minor',
               CASE WHEN d.package_purchase_id IS NULL THEN d.price_minor ELSE 0 END,
               'currency', d.currency, 'series_id', d.series_id)
           ELSE jsonb_build_object('local_date', d.local_date, 'reason', d.reason) END,
           app.request_id()
    FROM pg_temp.dispatch_dates d LEFT JOIN pg_temp.dispatch_claims c ON c.n = d.n
    WHERE d.outcome IS NULL OR d.outcome = 'skipped';
END
$$;
COMMENT ON FUNCTION app.tell_dispatched(text) IS
    'Every booking and every skipped date is in the outbox and in the audit log.';

CREATE FUNCTION app.move_series_on(p_actor text) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    series uuid[] := ARRAY(SELECT DISTINCT d.series_id FROM pg_temp.dispatch_dates d);
BEGIN
    WITH done AS MATERIALIZED (
        SELECT m.*, coalesce(m.end_date < m.next_date, false) AS is_over
        FROM (
            SELECT d.series_id, d.end_date,
                   -- What waits for a rate stays the next date, until it has passed.
                   coalesce(app.next_series_date(d.frequency, d.anchor_day,
                       max(d.local_date) FILTER (WHERE d.outcome IS DISTINCT FROM 'waits')),
                       d.next_booking_date) AS next_date,
                   max(d.local_date) FILTER (WHERE d.outcome IS NULL) AS booked_date,
                   CASE WHEN bool_or(d.outcome = 'waits') THEN 'No rates found' END AS problem
            FROM pg_temp.dispatch_dates d
            GROUP BY d.series_id, d.end_date, d.frequency, d.anchor_day, d.next_booking_date) m
    ), moved AS (
        UPDATE app.recurring_bookings r
        SET next_booking_date = CASE WHEN NOT o.is_over THEN o.next_date END,
            last_generated_date = coalesce(o.booked_date, r.last_generated_date),
            status = CASE WHEN o.is_over THEN 'ended' ELSE r.status END,
            ended_at = CASE WHEN o.is_over THEN app.now() END,
            failed_attempts = 0, next_attempt_at = NULL, last_error = o.problem
        FROM done o
        -- By their own index: joined to the whole table, a batch would read the series of all others.
        WHERE r.id = ANY (series) AND r.id = o.series_id AND (o.is_over OR o.next_date <> r.next_booking_date
            OR o.problem IS DISTINCT FROM r.last_error)
        RETURNING r.id, r.specialist_id, r.client_id, o.is_over
    ), told AS (
        INSERT INTO app.outbox (topic, payload)
        SELECT 'series.ended', jsonb_build_object('series_id', m.id,
            'specialist_id', m.specialist_id, 'client_id', m.client_id)
        FROM moved m WHERE m.is_over
    )
    INSERT INTO app.audit_logs
        (actor, action, subject_type, subject_id, old_values, new_values, request_id)
    SELECT p_actor, 'series.ended', 'recurring_booking', m.id, '{"status": "active"}',
           '{"status": "ended"}', app.request_id()
    FROM moved m WHERE m.is_over;
END
$$;
COMMENT ON FUNCTION app.move_series_on(text) IS
    'The series stand at their next dates, and those whose last date has gone by have ended.';

CREATE FUNCTION app.dispatch_report() RETURNS jsonb
LANGUAGE plpgsql AS $$
BEGIN
    RETURN jsonb_build_object(
        'series', (SELECT count(DISTINCT d.series_id) FROM pg_temp.dispatch_dates d),
        'booked', (SELECT coalesce(jsonb_object_agg(q.opening, q.n), '{}') FROM (
            SELECT d.opening, count(*) AS n FROM pg_temp.dispatch_claims c
            JOIN pg_temp.dispatch_dates d ON d.n = c.n GROUP BY d.opening) q),
        'skipped', (SELECT count(*) FROM pg_temp.dispatch_dates d WHERE d.outcome = 'skipped'),
        'unfinished', (SELECT count(*) FROM (
            SELECT 1 FROM pg_temp.dispatch_dates d GROUP BY d.series_id HAVING count(*) = 8) q),
        'waiting', (SELECT coalesce(jsonb_agg(DISTINCT d.series_id), '[]')
            FROM pg_temp.dispatch_dates d WHERE d.outcome = 'waits'));
END
$$;
COMMENT ON FUNCTION app.dispatch_report() IS
    'What this transaction''s dispatch came to: how many series it took up, of how many of them more dates may be due, bookings by status, dates skipped, and the series that wait for a rate.';

GRANT EXECUTE ON FUNCTION app.book_dispatched(), app.tell_dispatched(text),
    app.move_series_on(text), app.dispatch_report()
    TO consulta_worker;
