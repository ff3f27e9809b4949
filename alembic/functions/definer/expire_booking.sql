-- A booking whose time ran out: expired, its slot free, its authorisation about to be released.

CREATE FUNCTION app.expire_booking(p_booking uuid) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = app, pg_catalog, pg_temp AS $$
DECLARE
    booking app.bookings;
    owed app.payments;
    owner uuid;
BEGIN
    SELECT b.specialist_id INTO owner FROM app.bookings b WHERE b.id = p_booking;
    PERFORM 1 FROM app.calendars c WHERE c.specialist_id = owner FOR UPDATE;
    SELECT * INTO booking FROM app.bookings b WHERE b.id = p_booking FOR UPDATE;
    IF booking.id IS NULL OR booking.expires_at IS NULL OR booking.expires_at > app.now()
       OR booking.status NOT IN ('pending_payment', 'awaiting_confirmation') THEN
        RETURN false;
    END IF;
    SELECT * INTO owed FROM app.payments p
    WHERE p.booking_id = booking.id AND p.status NOT IN ('failed', 'cancelled') FOR UPDATE;
    -- A capture that may have happened decides first (D12); money that was taken is never expired.
    IF owed.captured_minor > 0 OR EXISTS (
        SELECT 1 FROM app.payment_operations o WHERE o.payment_id = owed.id AND o.kind = 'capture'
          AND o.state NOT IN ('done', 'dead')) THEN
        RETURN false;
    END IF;
    PERFORM set_config('app.move_reason', CASE booking.status
        WHEN 'pending_payment' THEN 'not paid in time' ELSE 'not confirmed in time' END, true);
    UPDATE app.bookings SET status = 'expired' WHERE id = booking.id;
    PERFORM set_config('app.move_reason', '', true);
    UPDATE app.slots SET status = 'released' WHERE id = booking.slot_id AND status <> 'released';
    UPDATE app.calendars SET revision = revision + 1, updated_at = app.now()
    WHERE specialist_id = owner;
    IF owed.id IS NOT NULL THEN
        PERFORM app.enqueue_operation(owed.id, 'cancel', owed.amount_minor, NULL, 0);
    END IF;
    -- The mover is the service, even where a stranger's request came across the lapsed booking.
    INSERT INTO app.audit_logs (actor, action, subject_type, subject_id, old_values, new_values, request_id)
    VALUES ('system:bookings.expire', 'booking.expired', 'booking', booking.id,
            jsonb_build_object('status', booking.status), '{"status": "expired"}', app.request_id());
    INSERT INTO app.outbox (topic, payload)
    VALUES ('booking.expired', jsonb_build_object('booking_id', booking.id,
        'specialist_id', booking.specialist_id, 'client_id', booking.client_id));
    RETURN true;
END
$$;
COMMENT ON FUNCTION app.expire_booking(uuid) IS
    'True if the booking was due and is now expired. Waits for a capture in doubt. Locks the calendar first.';
GRANT EXECUTE ON FUNCTION app.expire_booking(uuid) TO consulta_worker;

CREATE FUNCTION app.cleanup_expired_bookings() RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = app, pg_catalog, pg_temp AS $$
DECLARE
    due uuid[];
    owners uuid[];
    overdue uuid;
    expired integer := 0;
BEGIN
    SELECT array_agg(q.id), array_agg(q.specialist_id) INTO due, owners
    FROM (
        SELECT b.id, b.specialist_id FROM app.bookings b
        WHERE b.status IN ('pending_payment', 'awaiting_confirmation')
          AND b.expires_at <= app.now()
        ORDER BY b.expires_at LIMIT 200) q;
    -- All calendars first and in sorted order: nobody then waits for one with a later lock in hand.
    PERFORM 1 FROM app.calendars c WHERE c.specialist_id = ANY (owners)
    ORDER BY c.specialist_id FOR UPDATE;
    FOREACH overdue IN ARRAY coalesce(due, '{}') LOOP
        IF app.expire_booking(overdue) THEN
            expired := expired + 1;
        END IF;
    END LOOP;
    RETURN expired;
END
$$;
COMMENT ON FUNCTION app.cleanup_expired_bookings() IS
    'How many overdue bookings were expired, at most 200 in a call; voids are left to the worker.';
GRANT EXECUTE ON FUNCTION app.cleanup_expired_bookings() TO consulta_worker, consulta_admin;
