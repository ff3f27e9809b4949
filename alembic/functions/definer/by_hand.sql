-- Money that changes hands without a gateway: its specialist says so, or an admin.

-- Internal: the payment under its lock, for whoever may say that its money came or went.
CREATE FUNCTION app.lock_payment_by_hand(p_payment uuid) RETURNS app.payments
LANGUAGE plpgsql SECURITY DEFINER SET search_path = app, pg_catalog, pg_temp AS $$
DECLARE
    payment app.payments;
BEGIN
    SELECT * INTO payment FROM app.payments p
    WHERE p.id = p_payment
      AND (app.caller_role() = 'consulta_admin' OR p.specialist_id = app.user_id())
    FOR UPDATE;
    IF payment.id IS NULL THEN
        PERFORM app.refuse('PAYMENT_NOT_FOUND');
    ELSIF payment.provider <> 'manual' THEN
        PERFORM app.refuse('PAYMENT_NOT_BY_HAND');
    END IF;
    RETURN payment;
END
$$;
COMMENT ON FUNCTION app.lock_payment_by_hand(uuid) IS
    'Locks a payment by hand for its specialist or an admin; PAYMENT_NOT_FOUND for anybody else, PAYMENT_NOT_BY_HAND where a gateway has the money.';

CREATE FUNCTION app.mark_paid(
    p_payment uuid, p_amount_minor bigint, p_params jsonb, p_lease_seconds integer)
RETURNS app.payment_operations
LANGUAGE plpgsql SECURITY DEFINER SET search_path = app, pg_catalog, pg_temp AS $$
DECLARE
    payment app.payments := app.lock_payment_by_hand(p_payment);
    made app.payment_operations;
BEGIN
    -- Read after the lock: a cancellation locks the same row, and is seen here or comes later.
    IF payment.status NOT IN ('pending', 'requires_action', 'processing')
       OR app.is_over(payment) THEN
        PERFORM app.refuse('PAYMENT_NOT_PAYABLE');
    ELSIF p_amount_minor <> payment.amount_minor THEN
        PERFORM app.refuse('PAYMENT_AMOUNT_DIFFERS');
    END IF;
    made := app.enqueue_operation(
        payment.id, 'capture', payment.amount_minor, p_params, p_lease_seconds);
    IF made.id IS NULL THEN
        PERFORM app.refuse('PAYMENT_OPERATION_UNDER_WAY');
    END IF;
    RETURN made;
END
$$;
COMMENT ON FUNCTION app.mark_paid(uuid, bigint, jsonb, integer) IS
    'The money of a payment by hand was handed over, all of it: a leased capture that writes it down. PAYMENT_NOT_PAYABLE where it does not wait for money, PAYMENT_AMOUNT_DIFFERS for another sum.';
GRANT EXECUTE ON FUNCTION app.mark_paid(uuid, bigint, jsonb, integer)
    TO consulta_user, consulta_admin;

CREATE FUNCTION app.mark_returned(
    p_payment uuid, p_amount_minor bigint, p_reason text, p_lease_seconds integer)
RETURNS app.payment_operations
LANGUAGE plpgsql SECURITY DEFINER SET search_path = app, pg_catalog, pg_temp AS $$
DECLARE
    payment app.payments := app.lock_payment_by_hand(p_payment);
    amount bigint := p_amount_minor;
BEGIN
    IF amount IS NULL THEN
        -- After a cancellation so much is meant as its record says, less what went back since.
        SELECT c.refund_minor - coalesce((
            SELECT sum(o.amount_minor) FROM app.payment_operations o
            WHERE o.payment_id = payment.id AND o.kind = 'refund' AND o.state <> 'dead'
              AND o.created_at >= c.created_at), 0)
        INTO amount
        FROM app.booking_cancellations c WHERE c.booking_id = payment.booking_id;
        IF amount <= 0 THEN
            PERFORM app.refuse('REFUND_NOT_DUE');
        END IF;
    END IF;
    RETURN app.request_operation(payment.id, 'refund', amount, p_lease_seconds, p_reason);
END
$$;
COMMENT ON FUNCTION app.mark_returned(uuid, bigint, text, integer) IS
    'Money of a payment by hand was given back: a leased refund that writes it down. Without an amount what a cancellation left due (REFUND_NOT_DUE where that is nothing), else all that is left.';
GRANT EXECUTE ON FUNCTION app.mark_returned(uuid, bigint, text, integer)
    TO consulta_user, consulta_admin;
