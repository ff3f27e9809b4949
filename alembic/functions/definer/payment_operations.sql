-- Doors to money: what people may ask of a provider, and the queueing that the service does itself.

-- Internal: an operation of that kind exists for the payment. NULL where one of a kind that excludes
-- it is already under way or done.
CREATE FUNCTION app.enqueue_operation(
    p_payment uuid, p_kind text, p_amount_minor bigint, p_params jsonb, p_lease_seconds integer)
RETURNS app.payment_operations
LANGUAGE plpgsql SECURITY DEFINER SET search_path = app, pg_catalog, pg_temp AS $$
DECLARE
    made app.payment_operations;
BEGIN
    IF p_lease_seconds > 0 THEN
        -- The caller is about to send it: the row says so before anything leaves the house (D6).
        INSERT INTO app.payment_operations
            (payment_id, kind, amount_minor, params, requested_by, state, attempts, first_sent_at,
             fence, lease_until, next_attempt_at)
        VALUES (p_payment, p_kind, p_amount_minor, coalesce(p_params, '{}'), app.user_id(),
                'leased', 1, app.now(), 1, app.now() + make_interval(secs => p_lease_seconds),
                app.now() + make_interval(secs => p_lease_seconds))
        ON CONFLICT DO NOTHING
        RETURNING * INTO made;
    ELSE
        INSERT INTO app.payment_operations
            (payment_id, kind, amount_minor, params, requested_by)
        VALUES (p_payment, p_kind, p_amount_minor, coalesce(p_params, '{}'), app.user_id())
        ON CONFLICT DO NOTHING
        RETURNING * INTO made;
    END IF;
    RETURN made;
END
$$;
COMMENT ON FUNCTION app.enqueue_operation(uuid, text, bigint, jsonb, integer) IS
    'Writes an operation, leased by the caller or left to the worker; NULL if one excludes it.';
GRANT EXECUTE ON FUNCTION app.enqueue_operation(uuid, text, bigint, jsonb, integer)
    TO consulta_worker;

-- A party asks for money to be taken, released or returned. Calendar and booking are locked by the
-- caller already where they matter; here the payment's row is (D3, lock order).
CREATE FUNCTION app.request_operation(
    p_payment uuid, p_kind text, p_amount_minor bigint, p_lease_seconds integer)
RETURNS app.payment_operations
LANGUAGE plpgsql SECURITY DEFINER SET search_path = app, pg_catalog, pg_temp AS $$
DECLARE
    me uuid := app.user_id();
    staff boolean := app.caller_role() IN ('consulta_admin', 'consulta_worker');
    payment app.payments;
    booking app.bookings;
    promised bigint;
    made app.payment_operations;
BEGIN
    SELECT * INTO payment FROM app.payments p WHERE p.id = p_payment FOR UPDATE;
    IF payment.id IS NULL OR NOT (staff OR coalesce(me IN (payment.client_id, payment.specialist_id), false)) THEN
        PERFORM app.refuse('PAYMENT_NOT_FOUND');
    END IF;
    SELECT * INTO booking FROM app.bookings b WHERE b.id = payment.booking_id;
    IF p_kind = 'capture' THEN
        IF NOT (staff OR me = payment.specialist_id) OR payment.status <> 'authorized'
           OR booking.status IS DISTINCT FROM 'awaiting_confirmation'
           OR p_amount_minor <> payment.authorized_minor THEN
            PERFORM app.refuse('PAYMENT_NOT_CAPTURABLE');
        END IF;
        UPDATE app.bookings SET capture_requested_at = app.now() WHERE id = booking.id;
    ELSIF p_kind = 'cancel' THEN
        IF NOT app.is_over(payment) OR payment.captured_minor > 0 THEN
            PERFORM app.refuse('PAYMENT_NOT_VOIDABLE');
        END IF;
    ELSIF p_kind = 'refund' THEN
        SELECT coalesce(sum(o.amount_minor), 0) INTO promised FROM app.payment_operations o
        WHERE o.payment_id = payment.id AND o.kind = 'refund' AND o.state <> 'dead';
        -- What was returned at the gateway itself counts, too.
        promised := greatest(promised, payment.refunded_minor);
        IF p_amount_minor <= 0 OR promised + p_amount_minor > payment.captured_minor THEN
            PERFORM app.refuse('REFUND_EXCEEDS_CAPTURED');
        END IF;
        -- The specialist may give back what he took; a client has what his cancellation says, once.
        IF NOT staff AND me <> payment.specialist_id AND (
            p_amount_minor <> coalesce((SELECT c.refund_minor FROM app.booking_cancellations c
                WHERE c.booking_id = booking.id AND c.cancelled_by = me), -1)
            OR EXISTS (SELECT 1 FROM app.payment_operations o
                WHERE o.payment_id = payment.id AND o.kind = 'refund' AND o.state <> 'dead'
                  AND o.requested_by = me))
        THEN
            PERFORM app.refuse('REFUND_NOT_DUE');
        END IF;
    ELSE
        PERFORM app.refuse('PAYMENT_OPERATION_UNKNOWN');
    END IF;
    made := app.enqueue_operation(payment.id, p_kind, p_amount_minor, NULL, p_lease_seconds);
    IF made.id IS NULL THEN
        PERFORM app.refuse('PAYMENT_OPERATION_UNDER_WAY');
    END IF;
    RETURN made;
END
$$;
COMMENT ON FUNCTION app.request_operation(uuid, text, bigint, integer) IS
    'The one door through which a person makes money move: capture by the specialist, void after the end of a booking, refund as its cancellation says.';
GRANT EXECUTE ON FUNCTION app.request_operation(uuid, text, bigint, integer)
    TO consulta_user, consulta_admin, consulta_worker;

CREATE FUNCTION app.is_over(p_payment app.payments) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = app, pg_catalog, pg_temp AS $$
    SELECT CASE WHEN p_payment.booking_id IS NULL
        THEN EXISTS (SELECT 1 FROM app.package_purchases q
                     WHERE q.id = p_payment.package_purchase_id AND q.status = 'cancelled')
        ELSE EXISTS (SELECT 1 FROM app.bookings b
                     WHERE b.id = p_payment.booking_id
                       AND b.status IN ('cancelled', 'declined', 'expired')) END
$$;
COMMENT ON FUNCTION app.is_over(app.payments) IS
    'Whether what the payment is for has come to nothing, so that no money may be taken for it.';
GRANT EXECUTE ON FUNCTION app.is_over(app.payments) TO consulta_worker;

-- The payer presents another method for a payment that still waits for one.
CREATE FUNCTION app.present_method(p_payment uuid, p_params jsonb, p_lease_seconds integer)
RETURNS app.payment_operations
LANGUAGE plpgsql SECURITY DEFINER SET search_path = app, pg_catalog, pg_temp AS $$
DECLARE
    payment app.payments;
BEGIN
    SELECT * INTO payment FROM app.payments p
    WHERE p.id = p_payment AND p.client_id = app.user_id() FOR UPDATE;
    IF payment.id IS NULL THEN
        PERFORM app.refuse('PAYMENT_NOT_FOUND');
    ELSIF payment.status NOT IN ('pending', 'requires_action') OR payment.provider = 'manual' THEN
        PERFORM app.refuse('PAYMENT_NOT_PENDING');
    END IF;
    RETURN app.enqueue_operation(
        payment.id, 'authorize', payment.amount_minor, p_params, p_lease_seconds);
END
$$;
COMMENT ON FUNCTION app.present_method(uuid, jsonb, integer) IS
    'An authorisation with another method, leased to the payer; NULL while one is under way.';
GRANT EXECUTE ON FUNCTION app.present_method(uuid, jsonb, integer) TO consulta_user;
