-- A dead operation is tried anew: by another one with a key of its own, never by the old key.

CREATE FUNCTION app.replay_operation(p_operation uuid, p_lease_seconds integer)
RETURNS app.payment_operations
LANGUAGE plpgsql SECURITY DEFINER SET search_path = app, pg_catalog, pg_temp AS $$
DECLARE
    ended app.payment_operations;
    payment app.payments;
    made app.payment_operations;
BEGIN
    SELECT * INTO ended FROM app.payment_operations o WHERE o.id = p_operation;
    IF ended.id IS NULL OR app.caller_role() NOT IN ('consulta_admin', 'consulta_worker') THEN
        PERFORM app.refuse('OPERATION_NOT_FOUND');
    END IF;
    PERFORM app.lock_payment(ended.payment_id);
    SELECT * INTO ended FROM app.payment_operations o WHERE o.id = p_operation;
    SELECT * INTO payment FROM app.payments p WHERE p.id = ended.payment_id;
    -- A payer presents a method again by himself, and knows whether he wants to.
    IF ended.state <> 'dead' OR ended.kind = 'authorize'
       OR EXISTS (SELECT 1 FROM app.payment_operations o WHERE o.replaces = ended.id) THEN
        PERFORM app.refuse('OPERATION_NOT_REPLAYABLE');
    END IF;
    -- More went back than the refunds that are known to be done explain: it may have been this one.
    IF ended.kind = 'refund' AND payment.refunded_minor - ended.amount_minor >= (
        SELECT coalesce(sum(o.amount_minor), 0) FROM app.payment_operations o
        WHERE o.payment_id = payment.id AND o.kind = 'refund' AND o.state = 'done') THEN
        PERFORM app.refuse('OPERATION_HAS_HAPPENED');
    END IF;
    made := app.request_operation(ended.payment_id, ended.kind, ended.amount_minor,
        p_lease_seconds, ended.params ->> 'reason');
    UPDATE app.payment_operations o SET replaces = ended.id WHERE o.id = made.id RETURNING * INTO made;
    RETURN made;
END
$$;
COMMENT ON FUNCTION app.replay_operation(uuid, integer) IS
    'A new operation in the place of a dead one, leased to the caller, as far as app.request_operation allows; or OPERATION_NOT_FOUND, OPERATION_NOT_REPLAYABLE, OPERATION_HAS_HAPPENED. For staff.';
GRANT EXECUTE ON FUNCTION app.replay_operation(uuid, integer) TO consulta_admin, consulta_worker;
