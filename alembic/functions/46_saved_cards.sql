-- Saved cards as the worker keeps them: what came of a set-up, and whether a card can be charged.

CREATE FUNCTION app.card_is_usable(p_method app.saved_methods) RETURNS boolean
LANGUAGE sql STABLE AS $$
    SELECT p_method.status = 'ready' AND (p_method.account = '' OR EXISTS (
        SELECT 1 FROM app.payment_configs f
        WHERE f.specialist_id = p_method.specialist_id AND f.provider = p_method.provider
          AND f.account = p_method.account AND f.is_active))
$$;
COMMENT ON FUNCTION app.card_is_usable(app.saved_methods) IS
    'Whether that card can be charged: it is saved, and the account that knows it is still in use.';
GRANT EXECUTE ON FUNCTION app.card_is_usable(app.saved_methods)
    TO consulta_worker, consulta_definer;

CREATE FUNCTION app.charge_from(p_starts_at timestamptz) RETURNS timestamptz
LANGUAGE sql STABLE AS $$
    SELECT greatest(app.now(), p_starts_at - interval '96 hours')
$$;
COMMENT ON FUNCTION app.charge_from(timestamptz) IS
    'When the saved card that pays for a session at that start is charged: at most four days before it, because a reservation made without the payer lives hardly longer (D13).';
GRANT EXECUTE ON FUNCTION app.charge_from(timestamptz) TO consulta_worker, consulta_definer;

-- What was given up may yet be finished by a client whose page was still open.
CREATE FUNCTION app.settle_set_up(
    p_method uuid, p_fence bigint, p_status text, p_setup text, p_customer text,
    p_reference text, p_label text, p_error text, p_next_action jsonb)
RETURNS boolean
LANGUAGE plpgsql AS $$
DECLARE
    method app.saved_methods;
BEGIN
    SELECT * INTO method FROM app.saved_methods m WHERE m.id = p_method FOR NO KEY UPDATE;
    IF method.id IS NULL OR method.status NOT IN ('pending', 'failed')
       OR method.fence <> p_fence THEN
        RETURN false;
    END IF;
    UPDATE app.saved_methods m
    SET status = CASE WHEN method.status = 'failed' AND p_status = 'pending' THEN 'failed'
                      ELSE p_status END,
        setup_reference = coalesce(p_setup, m.setup_reference),
        customer_reference = coalesce(p_customer, m.customer_reference),
        method_reference = p_reference, label = left(p_label, 40), last_error = p_error,
        next_attempt_at = NULL
    WHERE m.id = p_method;
    INSERT INTO app.saved_method_actions (method_id, specialist_id, client_id, next_action)
    VALUES (p_method, method.specialist_id, method.client_id, p_next_action)
    ON CONFLICT (method_id, specialist_id, client_id)
        DO UPDATE SET next_action = excluded.next_action;
    IF p_status = 'ready' THEN
        -- Sessions that were refused only because the client had not finished yet; one that was
        -- moved meanwhile waits for its new time.
        UPDATE app.payments p SET authorize_from = app.charge_from(b.starts_at)
        FROM app.bookings b
        WHERE b.id = p.booking_id AND p.saved_method_id = p_method AND p.status = 'pending'
          AND p.provider_reference IS NULL AND p.last_error = 'saved_method_not_ready';
    END IF;
    RETURN true;
END
$$;
COMMENT ON FUNCTION app.settle_set_up(uuid, bigint, text, text, text, text, text, text, jsonb) IS
    'The card says what its set-up says at the provider, and what it was waited for with is asked again; false for a late writer, and where the card was settled before. Without a fence the truth was read, not answered.';

CREATE FUNCTION app.give_up_set_ups(p_before timestamptz, p_limit integer) RETURNS SETOF uuid
LANGUAGE sql AS $$
    UPDATE app.saved_methods m
    SET status = 'failed', last_error = 'set_up_abandoned', next_attempt_at = NULL
    WHERE m.id IN (
        SELECT d.id FROM app.saved_methods d
        WHERE d.status = 'pending' AND d.created_at <= p_before
        ORDER BY d.created_at LIMIT least(p_limit, 1000) FOR NO KEY UPDATE SKIP LOCKED)
    RETURNING m.id
$$;
COMMENT ON FUNCTION app.give_up_set_ups(timestamptz, integer) IS
    'The cards whose set-up was begun before that and never finished; they failed.';
GRANT EXECUTE ON FUNCTION
    app.settle_set_up(uuid, bigint, text, text, text, text, text, text, jsonb),
    app.give_up_set_ups(timestamptz, integer)
    TO consulta_worker;
