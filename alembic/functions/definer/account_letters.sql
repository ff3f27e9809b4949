-- Letters about accounts: asked for here, sent by the worker. The token that a letter carries is the
-- proof of who comes back with it; its hash is known to nobody else. Locks: credentials, the
-- account, the letter.

-- Internal: the functions that call it have checked who asks, and that the account is there.
CREATE FUNCTION app.write_letter(p_user uuid, p_kind text) RETURNS void
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = app, pg_catalog, pg_temp AS $$
    INSERT INTO app.account_letters AS l (user_id, kind) VALUES (p_user, p_kind)
    ON CONFLICT (user_id, kind) DO UPDATE
        SET state = 'pending', attempts = 0, next_attempt_at = app.now(), asked_at = app.now(),
            used_at = NULL, last_error = NULL
        -- One that is being sent at this moment arrives without being asked for again.
        WHERE l.state <> 'leased'
$$;
COMMENT ON FUNCTION app.write_letter(uuid, text) IS
    'That letter of the account is due now. The token of the last one is good until the next is sent.';

CREATE FUNCTION app.ask_for_reset(p_email text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = app, pg_catalog, pg_temp AS $$
DECLARE
    v_user uuid;
BEGIN
    SELECT u.id INTO v_user FROM app.users u
    WHERE u.email = p_email AND u.is_active
      AND EXISTS (SELECT 1 FROM app.credentials c WHERE c.user_id = u.id)
    FOR KEY SHARE OF u;
    IF v_user IS NOT NULL THEN
        PERFORM app.write_letter(v_user, 'reset_password');
    END IF;
END
$$;
COMMENT ON FUNCTION app.ask_for_reset(text) IS
    'A letter to reset the password is due, if an active account with a password has that address; the caller does not learn it.';
GRANT EXECUTE ON FUNCTION app.ask_for_reset(text) TO consulta_anonymous;

CREATE FUNCTION app.ask_for_verification() RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = app, pg_catalog, pg_temp AS $$
BEGIN
    PERFORM 1 FROM app.users u
    WHERE u.id = app.user_id() AND u.is_active AND u.email_verified_at IS NULL
    FOR KEY SHARE OF u;
    IF FOUND THEN
        PERFORM app.write_letter(app.user_id(), 'verify_email');
    END IF;
END
$$;
COMMENT ON FUNCTION app.ask_for_verification() IS
    'A letter to confirm the caller''s own address is due, unless it is confirmed.';
GRANT EXECUTE ON FUNCTION app.ask_for_verification() TO consulta_user, consulta_admin;

CREATE FUNCTION app.address_of_reset(p_token_hash bytea) RETURNS text
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = app, pg_catalog, pg_temp AS $$
    SELECT u.email FROM app.account_letters l JOIN app.users u ON u.id = l.user_id
    WHERE l.token_hash = p_token_hash AND l.kind = 'reset_password' AND l.expires_at > app.now()
      AND u.is_active
$$;
COMMENT ON FUNCTION app.address_of_reset(bytea) IS
    'The address to which that token was sent, while it is good; NULL otherwise.';
GRANT EXECUTE ON FUNCTION app.address_of_reset(bytea) TO consulta_anonymous;

CREATE FUNCTION app.reset_password(p_token_hash bytea, p_password_hash text) RETURNS uuid
LANGUAGE plpgsql SECURITY DEFINER SET search_path = app, pg_catalog, pg_temp AS $$
DECLARE
    v_user uuid;
BEGIN
    SELECT l.user_id INTO v_user FROM app.account_letters l WHERE l.token_hash = p_token_hash;
    -- Whoever signs in with the old password at this moment is done before, or refused after.
    PERFORM 1 FROM app.credentials c WHERE c.user_id = v_user FOR UPDATE;
    PERFORM 1 FROM app.users u WHERE u.id = v_user AND u.is_active FOR KEY SHARE;
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    UPDATE app.account_letters l SET token_hash = NULL, used_at = app.now()
    WHERE l.token_hash = p_token_hash AND l.kind = 'reset_password' AND l.expires_at > app.now();
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    UPDATE app.credentials c SET password_hash = p_password_hash, changed_at = app.now()
    WHERE c.user_id = v_user;
    -- The first row of a family carries its end for all of them.
    UPDATE app.user_sessions s SET revoked_at = app.now()
    WHERE s.user_id = v_user AND s.id = s.family_id AND s.revoked_at IS NULL;
    PERFORM app.write_letter(v_user, 'password_changed');
    RETURN v_user;
END
$$;
COMMENT ON FUNCTION app.reset_password(bytea, text) IS
    'Whose password is the new one, every sign-in over, and the person told; NULL, and nothing done, where the token is not good. A token is good once.';
GRANT EXECUTE ON FUNCTION app.reset_password(bytea, text) TO consulta_anonymous;

CREATE FUNCTION app.verify_email(p_token_hash bytea) RETURNS uuid
LANGUAGE plpgsql SECURITY DEFINER SET search_path = app, pg_catalog, pg_temp AS $$
DECLARE
    v_user uuid;
BEGIN
    SELECT l.user_id INTO v_user FROM app.account_letters l WHERE l.token_hash = p_token_hash;
    PERFORM 1 FROM app.users u WHERE u.id = v_user AND u.is_active FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    UPDATE app.account_letters l SET token_hash = NULL, used_at = app.now()
    WHERE l.token_hash = p_token_hash AND l.kind = 'verify_email' AND l.expires_at > app.now();
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    UPDATE app.users u SET email_verified_at = coalesce(u.email_verified_at, app.now())
    WHERE u.id = v_user;
    RETURN v_user;
END
$$;
COMMENT ON FUNCTION app.verify_email(bytea) IS
    'Whose address is confirmed; NULL, and nothing done, where the token is not good. A token is good once.';
GRANT EXECUTE ON FUNCTION app.verify_email(bytea) TO consulta_anonymous;
