-- Doors to money: what people may ask of a provider, and the queueing that the service does itself.

-- Internal: an operation of that kind exists for the payment. NULL where one of a kind that excludes
-- it is already under way or done.
CREATE FUNCTION app.enqueue_operation(
    p_payment uuid, p_kind text, p_amount_minor bigint, p_params jsonb, p_lease_seconds integer)
RETURNS app.payment_operations
LANGUAGE plpgsql SECURITY DEFINER SET search_path = app, pg_catalog, pg_temp AS $$
DECLARE
    made app.payment_operations;
    -- Who asks for the lease may be anybody; for ever it would keep the money from moving.
    lease interval := make_interval(secs => least(p_lease_seconds, 120));
BEGIN
    IF p_lease_seconds > 0 THEN
        -- The caller is about to send it: the row says so before anything leaves the house (D6).
        INSERT INTO app.payment_operations
            (payment_id, kind, amount_minor, params, requested_by, state, attempts, first_sent_at,
             fence, lease_until, next_attempt_at)
        VALUES (p_payment, p_kind, p_amount_minor, coalesce(p_params, '{}'), app.user_id(),
                'leased', 1, app.now(), 1, app.now() + lease, app.now() + lease)
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

-- Internal: what a payer may say about the way to pay. Which charge is meant, and whether its money
-- is taken at once, is for the service to say.
CREATE FUNCTION app.said_by_payer(p_params jsonb) RETURNS jsonb
LANGUAGE sql IMMUTABLE SECURITY DEFINER SET search_path = app, pg_catalog, pg_temp AS $$
    SELECT jsonb_strip_nulls(jsonb_build_object(
        'payment_method', p_params -> 'payment_method', 'return_url', p_params -> 'return_url'))
$$;
COMMENT ON FUNCTION app.said_by_payer(jsonb) IS
    'The payment method and the return address, and nothing else that was sent.';

-- Internal: a refusal that says more than its code.
CREATE FUNCTION app.refuse_telling(p_code text, p_facts jsonb) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = app, pg_catalog, pg_temp AS $$
BEGIN
    RAISE EXCEPTION USING ERRCODE = 'CS001', MESSAGE = p_code, DETAIL = p_facts::text;
END
$$;
COMMENT ON FUNCTION app.refuse_telling(text, jsonb) IS
    'Raises a refusal as app.refuse does, with facts that its problem document shows.';

-- A party asks for money to be taken, released or returned. Calendar and booking are locked by the
-- caller already where they matter; here the payment's row is (D3, lock order).
CREATE FUNCTION app.request_operation(
    p_payment uuid, p_kind text, p_amount_minor bigint, p_lease_seconds integer,
    p_reason text DEFAULT NULL, p_waits boolean DEFAULT false)
RETURNS app.payment_operations
LANGUAGE plpgsql SECURITY DEFINER SET search_path = app, pg_catalog, pg_temp AS $$
DECLARE
    me uuid := app.user_id();
    staff boolean := app.caller_role() IN ('consulta_admin', 'consulta_worker');
    payment app.payments;
    booking app.bookings;
    amount bigint := p_amount_minor;
    lease_seconds integer := p_lease_seconds;
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
        IF payment.captured_minor = 0 THEN
            PERFORM app.refuse('PAYMENT_NOT_REFUNDABLE');
        END IF;
        -- While the bank decides, a refund would pay the client twice: what is owed waits for it.
        IF payment.is_disputed AND payment.dispute_status IS DISTINCT FROM 'inquiry' THEN
            IF NOT p_waits THEN
                PERFORM app.refuse('PAYMENT_DISPUTED');
            END IF;
            lease_seconds := 0;
        END IF;
        amount := coalesce(amount, payment.captured_minor - app.returned_minor(payment));
        IF amount <= 0 OR app.returned_minor(payment) + amount > payment.captured_minor THEN
            PERFORM app.refuse_telling('REFUND_EXCEEDS_CAPTURED', jsonb_build_object('refundable',
                jsonb_build_object('currency', payment.currency, 'amount_minor',
                    greatest(0, payment.captured_minor - app.returned_minor(payment)))));
        END IF;
        -- The specialist may give back what he took; a client has what his cancellation says, once.
        IF NOT staff AND me <> payment.specialist_id AND (
            amount <> coalesce((SELECT c.refund_minor FROM app.booking_cancellations c
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
    made := app.enqueue_operation(payment.id, p_kind, amount,
        jsonb_strip_nulls(jsonb_build_object('reason', left(p_reason, 1000))), lease_seconds);
    IF made.id IS NULL THEN
        PERFORM app.refuse('PAYMENT_OPERATION_UNDER_WAY');
    END IF;
    RETURN made;
END
$$;
COMMENT ON FUNCTION app.request_operation(uuid, text, bigint, integer, text, boolean) IS
    'The one door through which a person makes money move: capture by the specialist, void after the end of a booking, refund by the specialist or as a cancellation says. A refund without an amount is of all that is left. PAYMENT_DISPUTED while the payer''s bank decides, but for one that waits: it is left to the worker.';
GRANT EXECUTE ON FUNCTION app.request_operation(uuid, text, bigint, integer, text, boolean)
    TO consulta_user, consulta_admin, consulta_worker;

-- The parties may see what became of a refund, and nothing else of the worker's books. A refund
-- keeps its name when another operation takes the place of the first.
CREATE FUNCTION app.refunds_of(p_payment uuid)
RETURNS TABLE (id uuid, payment_id uuid, amount_minor bigint, currency text, state text,
    code text, reason text, requested_by_kind text, created_at timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = app, pg_catalog, pg_temp AS $$
    WITH RECURSIVE seen AS (
        SELECT p.* FROM app.payments p
        WHERE p.id = p_payment
          AND (app.caller_role() IN ('consulta_admin', 'consulta_worker')
               OR app.user_id() IN (p.client_id, p.specialist_id))
    ), steps AS (
        SELECT o.id AS root, 0 AS depth, o.id, o.state, o.last_error, o.amount_minor
        FROM app.payment_operations o JOIN seen ON seen.id = o.payment_id
        WHERE o.kind = 'refund' AND o.replaces IS NULL
        UNION ALL
        SELECT s.root, s.depth + 1, o.id, o.state, o.last_error, o.amount_minor
        FROM steps s JOIN app.payment_operations o ON o.replaces = s.id
    ), present AS (
        SELECT DISTINCT ON (s.root) s.root, s.state, s.last_error, s.amount_minor
        FROM steps s ORDER BY s.root, s.depth DESC
    )
    SELECT o.id, o.payment_id, n.amount_minor, seen.currency,
        CASE WHEN n.state = 'done' THEN 'done' WHEN n.state <> 'dead' THEN 'pending'
             WHEN n.last_error = 'dispute_lost' THEN 'not_owed' ELSE 'failed' END,
        CASE WHEN n.state = 'dead' OR n.last_error = 'PAYMENT_DISPUTED' THEN n.last_error END,
        o.params ->> 'reason',
        CASE WHEN o.requested_by IS NULL THEN 'system'
             WHEN o.requested_by = seen.specialist_id THEN 'specialist'
             WHEN o.requested_by = seen.client_id THEN 'client' ELSE 'admin' END,
        o.created_at
    FROM present n
    JOIN app.payment_operations o ON o.id = n.root
    CROSS JOIN seen
    ORDER BY o.created_at DESC, o.id DESC
    LIMIT 200
$$;
COMMENT ON FUNCTION app.refunds_of(uuid) IS
    'The refunds of a payment, the newest first, for its parties and staff; for others none.';
GRANT EXECUTE ON FUNCTION app.refunds_of(uuid) TO consulta_user, consulta_admin, consulta_worker;

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
    made app.payment_operations;
BEGIN
    SELECT * INTO payment FROM app.payments p
    WHERE p.id = p_payment AND p.client_id = app.user_id() FOR UPDATE;
    IF payment.id IS NULL THEN
        PERFORM app.refuse('PAYMENT_NOT_FOUND');
    ELSIF payment.status NOT IN ('pending', 'requires_action') OR payment.provider = 'manual' THEN
        PERFORM app.refuse('PAYMENT_NOT_PENDING');
    END IF;
    made := app.enqueue_operation(payment.id, 'authorize', payment.amount_minor,
        app.said_by_payer(p_params) || jsonb_strip_nulls(jsonb_build_object(
            'charge_reference', payment.provider_reference,
            'capture_now', nullif(payment.purpose = 'package', false))), p_lease_seconds);
    IF made.id IS NOT NULL
       AND (payment.authorize_from IS NOT NULL OR payment.last_error = 'saved_method_not_ready') THEN
        -- Who pays otherwise is not charged by a saved card as well, nor by one that becomes ready
        -- while this is under way.
        UPDATE app.payments SET authorize_from = NULL, last_error = NULL WHERE id = payment.id;
    END IF;
    RETURN made;
END
$$;
COMMENT ON FUNCTION app.present_method(uuid, jsonb, integer) IS
    'An authorisation with another method, leased to the payer; NULL while one is under way.';
GRANT EXECUTE ON FUNCTION app.present_method(uuid, jsonb, integer) TO consulta_user;
