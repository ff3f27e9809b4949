-- Gateway accounts: people put sealed keys in and stop being paid through them; nobody reads.

CREATE FUNCTION app.save_payment_config(
    p_config uuid, p_seen_at timestamptz, p_provider text, p_account text, p_is_live boolean,
    p_publishable_key text, p_hints jsonb, p_key_id text, p_wrapped_key bytea, p_sealed_keys bytea)
RETURNS app.payment_configs
LANGUAGE plpgsql SECURITY DEFINER SET search_path = app, pg_catalog, pg_temp AS $$
DECLARE
    me uuid := app.user_id();
    known app.payment_configs;
    saved app.payment_configs;
BEGIN
    IF me IS NULL THEN
        PERFORM app.refuse('UNAUTHORIZED');
    ELSIF NOT EXISTS (SELECT 1 FROM app.specialists s WHERE s.id = me) THEN
        PERFORM app.refuse('SPECIALIST_NOT_FOUND');
    END IF;
    -- A lock of its own: the row of the page would stand in the way of bookings.
    PERFORM pg_advisory_xact_lock(hashtextextended('app.payment_configs ' || me, 0));
    SELECT * INTO known FROM app.payment_configs c WHERE c.id = p_config;
    -- Keys are sealed for one account; they replace those that whoever brings them has seen.
    IF known.id IS NOT NULL AND (known.specialist_id, known.provider, known.account,
           known.is_live, known.updated_at)
           IS DISTINCT FROM (me, p_provider, p_account, p_is_live, p_seen_at)
       OR known.id IS NULL AND p_seen_at IS NOT NULL THEN
        PERFORM app.refuse('PAYMENT_CONFIG_CHANGED');
    ELSIF known.id IS NULL
          AND (SELECT count(*) FROM app.payment_configs c WHERE c.specialist_id = me) >= 50 THEN
        PERFORM app.refuse('TOO_MANY_PAYMENT_CONFIGS');
    END IF;
    UPDATE app.payment_configs c SET is_active = false
    WHERE c.specialist_id = me AND c.provider = p_provider AND c.is_active AND c.id <> p_config;
    IF known.id IS NULL THEN
        INSERT INTO app.payment_configs
            (id, specialist_id, provider, account, is_live, publishable_key, hints)
        VALUES (p_config, me, p_provider, p_account, p_is_live, p_publishable_key, p_hints)
        RETURNING * INTO saved;
        INSERT INTO app.payment_config_keys
            (config_id, specialist_id, key_id, wrapped_key, sealed_keys)
        VALUES (p_config, me, p_key_id, p_wrapped_key, p_sealed_keys);
    ELSE
        UPDATE app.payment_configs c
        SET is_active = true, publishable_key = p_publishable_key, hints = p_hints
        WHERE c.id = p_config
        RETURNING * INTO saved;
        UPDATE app.payment_config_keys k
        SET key_id = p_key_id, wrapped_key = p_wrapped_key, sealed_keys = p_sealed_keys
        WHERE k.config_id = p_config AND k.specialist_id = me;
    END IF;
    RETURN saved;
END
$$;
COMMENT ON FUNCTION app.save_payment_config(uuid, timestamptz, text, text, boolean, text, jsonb, text, bytea, bytea) IS
    'The caller''s account has these sealed keys and is the active one at its provider. A new one where p_seen_at is NULL; else p_seen_at is the updated_at of what was seen, so that nobody''s change is lost.';
GRANT EXECUTE ON FUNCTION
    app.save_payment_config(uuid, timestamptz, text, text, boolean, text, jsonb, text, bytea, bytea)
    TO consulta_user;

CREATE FUNCTION app.end_payment_config(p_provider text) RETURNS uuid
LANGUAGE plpgsql SECURITY DEFINER SET search_path = app, pg_catalog, pg_temp AS $$
DECLARE
    ended uuid;
BEGIN
    UPDATE app.payment_configs c SET is_active = false
    WHERE c.specialist_id = app.user_id() AND c.provider = p_provider AND c.is_active
    RETURNING c.id INTO ended;
    IF ended IS NULL THEN
        PERFORM app.refuse('PAYMENT_CONFIG_NOT_FOUND');
    END IF;
    RETURN ended;
END
$$;
COMMENT ON FUNCTION app.end_payment_config(text) IS
    'New payments are not made with the caller''s account at that provider any more; those of before still are its own. The account''s id.';
GRANT EXECUTE ON FUNCTION app.end_payment_config(text) TO consulta_user;

CREATE FUNCTION app.publishable_key_of(p_account text) RETURNS text
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = app, pg_catalog, pg_temp AS $$
    SELECT c.publishable_key FROM app.payment_configs c WHERE c.account = p_account
$$;
COMMENT ON FUNCTION app.publishable_key_of(text) IS
    'The public key with which a payer''s browser speaks to that account; NULL for an unknown one.';
GRANT EXECUTE ON FUNCTION app.publishable_key_of(text)
    TO consulta_user, consulta_admin, consulta_worker;
