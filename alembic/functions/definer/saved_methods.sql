-- Cards that a client lets a specialist charge later: saved, looked at and removed by the client.

-- Internal. The names of those that can save a card are the house's to know.
CREATE FUNCTION app.card_till(p_specialist uuid)
RETURNS TABLE (provider text, account text)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = app, pg_catalog, pg_temp AS $$
BEGIN
    RETURN QUERY SELECT t.provider, t.account
    FROM app.till_of(p_specialist) t
    JOIN app.house_terms h ON t.provider = ANY (h.card_savers);
    IF NOT FOUND THEN
        PERFORM app.refuse('SAVED_CARD_NOT_AVAILABLE');
    END IF;
END
$$;
COMMENT ON FUNCTION app.card_till(uuid) IS
    'Where a card for that specialist is saved; SAVED_CARD_NOT_AVAILABLE where whoever takes the money cannot save one.';

-- Internal. Called for at once by whoever began it, and a moment later by the worker.
CREATE FUNCTION app.begin_set_up(p_specialist uuid, p_client uuid)
RETURNS app.saved_methods
LANGUAGE plpgsql SECURITY DEFINER SET search_path = app, pg_catalog, pg_temp AS $$
DECLARE
    made app.saved_methods;
BEGIN
    -- The same lock as that of the client's series: it keeps two from counting each other out.
    PERFORM pg_advisory_xact_lock(hashtextextended('app.series ' || p_client, 0));
    IF (SELECT count(*) >= 20 FROM app.saved_methods m
        WHERE m.client_id = p_client AND m.specialist_id = p_specialist
          AND m.status IN ('pending', 'ready')) THEN
        PERFORM app.refuse('TOO_MANY_SAVED_METHODS');
    END IF;
    INSERT INTO app.saved_methods (specialist_id, client_id, provider, account, next_attempt_at)
    SELECT p_specialist, p_client, t.provider, t.account, app.now() + interval '10 seconds'
    FROM app.card_till(p_specialist) t
    RETURNING * INTO made;
    RETURN made;
END
$$;
COMMENT ON FUNCTION app.begin_set_up(uuid, uuid) IS
    'A card about to be saved; SAVED_CARD_NOT_AVAILABLE, TOO_MANY_SAVED_METHODS (20 of a pair).';

CREATE FUNCTION app.save_method(p_specialist uuid) RETURNS app.saved_methods
LANGUAGE plpgsql SECURITY DEFINER SET search_path = app, pg_catalog, pg_temp AS $$
BEGIN
    IF app.user_id() IS NULL THEN
        PERFORM app.refuse('UNAUTHORIZED');
    ELSIF app.user_id() = p_specialist THEN
        PERFORM app.refuse('CANNOT_PAY_YOURSELF');
    ELSIF NOT EXISTS (
        SELECT 1 FROM app.specialists s WHERE s.id = p_specialist AND s.is_verified) THEN
        PERFORM app.refuse('SPECIALIST_NOT_FOUND');
    END IF;
    RETURN app.begin_set_up(p_specialist, app.user_id());
END
$$;
COMMENT ON FUNCTION app.save_method(uuid) IS
    'A card of the caller''s about to be saved for that specialist; CANNOT_PAY_YOURSELF, SPECIALIST_NOT_FOUND, or a refusal of app.begin_set_up.';
GRANT EXECUTE ON FUNCTION app.save_method(uuid) TO consulta_user;

-- Internal: the saved card that a series names, which nobody but its client may do. It stays until
-- the series is written, unless nothing is to be written at all.
CREATE FUNCTION app.check_card(p_series app.recurring_bookings, p_dry_run boolean) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = app, pg_catalog, pg_temp AS $$
DECLARE
    method app.saved_methods;
BEGIN
    IF (p_series.payment_mode = 'saved_card') <> (p_series.saved_method_id IS NOT NULL) THEN
        PERFORM app.refuse('SAVED_METHOD_MISPLACED');
    ELSIF p_series.saved_method_id IS NULL THEN
        RETURN;
    END IF;
    IF NOT p_dry_run THEN
        PERFORM 1 FROM app.saved_methods m WHERE m.id = p_series.saved_method_id FOR SHARE;
    END IF;
    SELECT * INTO method FROM app.saved_methods m
    WHERE m.id = p_series.saved_method_id AND m.client_id = p_series.client_id
      AND m.client_id = app.user_id()
      AND m.specialist_id = p_series.specialist_id AND m.status <> 'removed';
    IF method.id IS NULL THEN
        PERFORM app.refuse('SAVED_METHOD_NOT_FOUND');
    ELSIF NOT app.card_is_usable(method) THEN
        PERFORM app.refuse('SAVED_METHOD_NOT_READY');
    END IF;
END
$$;
COMMENT ON FUNCTION app.check_card(app.recurring_bookings, boolean) IS
    'Nothing, or a refusal: SAVED_METHOD_MISPLACED, SAVED_METHOD_NOT_FOUND, SAVED_METHOD_NOT_READY.';

CREATE FUNCTION app.remove_method(p_method uuid) RETURNS app.saved_methods
LANGUAGE plpgsql SECURITY DEFINER SET search_path = app, pg_catalog, pg_temp AS $$
DECLARE
    method app.saved_methods;
BEGIN
    SELECT * INTO method FROM app.saved_methods m
    WHERE m.id = p_method AND m.client_id = app.user_id() AND m.status <> 'removed'
    FOR NO KEY UPDATE;
    IF method.id IS NULL THEN
        RETURN NULL;
    ELSIF EXISTS (SELECT 1 FROM app.recurring_bookings r
                  WHERE r.saved_method_id = p_method AND r.status <> 'ended') THEN
        PERFORM app.refuse('SAVED_METHOD_IN_USE');
    END IF;
    -- A call that is under way writes nothing any more; the provider is told to forget the card.
    UPDATE app.saved_methods m
    SET status = 'removed', fence = m.fence + 1, attempts = 0, first_sent_at = NULL,
        next_attempt_at = CASE WHEN m.customer_reference IS NOT NULL THEN app.now() END
    WHERE m.id = p_method;
    RETURN method;
END
$$;
COMMENT ON FUNCTION app.remove_method(uuid) IS
    'A card of the caller''s, which is removed now, as it was; NULLs for an unknown one. SAVED_METHOD_IN_USE: a series that has not ended is paid with it.';
GRANT EXECUTE ON FUNCTION app.remove_method(uuid) TO consulta_user;
