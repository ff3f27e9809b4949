-- Sign-ins. A family is everything that grew out of one sign-in; its first row has the family's id,
-- is its lock, and carries its revocation for all of them.

CREATE FUNCTION app.identity(p_user uuid, p_family uuid)
RETURNS TABLE (role text, is_active boolean, is_revoked boolean)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = app, pg_catalog, pg_temp AS $$
    SELECT u.role, u.is_active, s.revoked_at IS NOT NULL
    FROM app.users u JOIN app.user_sessions s ON s.user_id = u.id
    WHERE u.id = p_user AND s.id = p_family
$$;
COMMENT ON FUNCTION app.identity(uuid, uuid) IS
    'What the person of that sign-in is at this moment; no row where the two do not belong together.';
GRANT EXECUTE ON FUNCTION app.identity(uuid, uuid) TO consulta_anonymous;

CREATE FUNCTION app.start_session(
    p_user uuid, p_token_hash bytea, p_idle_days integer, p_whole_days integer)
RETURNS uuid
LANGUAGE plpgsql SECURITY DEFINER SET search_path = app, pg_catalog, pg_temp AS $$
DECLARE
    v_id uuid := app.new_id();
    v_now timestamptz := app.now();
BEGIN
    INSERT INTO app.user_sessions
        (id, user_id, family_id, token_hash, expires_at, family_expires_at)
    VALUES (v_id, p_user, v_id, p_token_hash,
            v_now + make_interval(days => least(p_idle_days, p_whole_days)),
            v_now + make_interval(days => p_whole_days));
    RETURN v_id;
END
$$;
COMMENT ON FUNCTION app.start_session(uuid, bytea, integer, integer) IS
    'A new sign-in of that person; returns its family. For functions that have checked who it is, and the worker.';
GRANT EXECUTE ON FUNCTION app.start_session(uuid, bytea, integer, integer) TO consulta_worker;

CREATE FUNCTION app.register(
    p_email text, p_password_hash text, p_full_name text, p_role text, p_time_zone text,
    p_token_hash bytea, p_idle_days integer, p_whole_days integer)
RETURNS TABLE (user_id uuid, family_id uuid, created_at timestamptz)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = app, pg_catalog, pg_temp AS $$
DECLARE
    v_id uuid;
BEGIN
    IF p_role NOT IN ('client', 'specialist') OR p_password_hash IS NULL THEN
        PERFORM app.refuse('FORBIDDEN');
    END IF;
    v_id := app.create_account(p_email, p_password_hash, p_full_name, p_role, p_time_zone);
    PERFORM app.write_letter(v_id, 'verify_email');
    RETURN QUERY SELECT v_id, app.start_session(v_id, p_token_hash, p_idle_days, p_whole_days),
        app.now();
END
$$;
COMMENT ON FUNCTION app.register(text, text, text, text, text, bytea, integer, integer) IS
    'A client''s or specialist''s account, its first sign-in, and a letter to confirm the address; never an admin''s.';
GRANT EXECUTE ON FUNCTION
    app.register(text, text, text, text, text, bytea, integer, integer) TO consulta_anonymous;

CREATE FUNCTION app.credential_of(p_email text)
RETURNS TABLE (user_id uuid, password_hash text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = app, pg_catalog, pg_temp AS $$
    SELECT c.user_id, c.password_hash
    FROM app.users u JOIN app.credentials c ON c.user_id = u.id WHERE u.email = p_email
$$;
COMMENT ON FUNCTION app.credential_of(text) IS
    'The hash that a password is compared with. One address at a time; nobody lists them.';
GRANT EXECUTE ON FUNCTION app.credential_of(text) TO consulta_worker;

CREATE FUNCTION app.sign_in(
    p_user uuid, p_password_hash text, p_better_hash text, p_token_hash bytea,
    p_idle_days integer, p_whole_days integer)
RETURNS uuid
LANGUAGE plpgsql SECURITY DEFINER SET search_path = app, pg_catalog, pg_temp AS $$
BEGIN
    -- The hash that was compared must still be the present one: it is the proof of who asks.
    PERFORM 1 FROM app.credentials c
    WHERE c.user_id = p_user AND c.password_hash = p_password_hash FOR UPDATE;
    IF NOT FOUND THEN
        PERFORM app.refuse('INVALID_CREDENTIALS');
    ELSIF NOT (SELECT u.is_active FROM app.users u WHERE u.id = p_user) THEN
        PERFORM app.refuse('ACCOUNT_DISABLED');
    END IF;
    IF p_better_hash IS NOT NULL THEN
        UPDATE app.credentials c SET password_hash = p_better_hash WHERE c.user_id = p_user;
    END IF;
    RETURN app.start_session(p_user, p_token_hash, p_idle_days, p_whole_days);
END
$$;
COMMENT ON FUNCTION app.sign_in(uuid, text, text, bytea, integer, integer) IS
    'A new sign-in for whoever proved the password; a hash made with today''s parameters replaces the old one.';
GRANT EXECUTE ON FUNCTION app.sign_in(uuid, text, text, bytea, integer, integer) TO consulta_worker;

CREATE FUNCTION app.rotate_session(
    p_token_hash bytea, p_next_hash bytea, p_idle_days integer, p_grace_seconds integer)
RETURNS TABLE (state text, user_id uuid, family_id uuid)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = app, pg_catalog, pg_temp AS $$
DECLARE
    v_family uuid;
    v_first app.user_sessions;
    v_token app.user_sessions;
    v_next uuid := app.new_id();
    v_now timestamptz := app.now();
BEGIN
    SELECT s.family_id INTO v_family FROM app.user_sessions s WHERE s.token_hash = p_token_hash;
    SELECT * INTO v_first FROM app.user_sessions s WHERE s.id = v_family FOR UPDATE;
    IF v_first.id IS NULL THEN
        RETURN QUERY SELECT 'unknown', NULL::uuid, NULL::uuid;
        RETURN;
    END IF;
    -- A statement of its own: the one that waited for the lock saw the time before it.
    SELECT * INTO v_token FROM app.user_sessions s WHERE s.token_hash = p_token_hash;
    state := CASE
        WHEN v_first.revoked_at IS NOT NULL THEN 'revoked'
        WHEN NOT (SELECT u.is_active FROM app.users u WHERE u.id = v_first.user_id) THEN 'revoked'
        WHEN v_token.rotated_at + make_interval(secs => p_grace_seconds) < v_now THEN 'reused'
        WHEN v_token.expires_at <= v_now THEN 'expired'
        ELSE 'rotated' END;
    IF state = 'reused' THEN
        UPDATE app.user_sessions s SET revoked_at = v_now WHERE s.id = v_family;
    ELSIF state = 'rotated' THEN
        INSERT INTO app.user_sessions
            (id, user_id, family_id, token_hash, expires_at, family_expires_at)
        VALUES (v_next, v_first.user_id, v_family, p_next_hash,
            least(v_now + make_interval(days => p_idle_days), v_first.family_expires_at),
            v_first.family_expires_at);
        UPDATE app.user_sessions s
        SET rotated_at = coalesce(s.rotated_at, v_now),
            successor_id = coalesce(s.successor_id, v_next)
        WHERE s.id = v_token.id;
    END IF;
    RETURN QUERY SELECT state, v_first.user_id, v_family;
END
$$;
COMMENT ON FUNCTION app.rotate_session(bytea, bytea, integer, integer) IS
    'rotated (also a second time within the grace, for requests that raced) | reused (the family is revoked now) | revoked | expired | unknown.';
GRANT EXECUTE ON FUNCTION app.rotate_session(bytea, bytea, integer, integer) TO consulta_anonymous;

CREATE FUNCTION app.end_session(p_family uuid) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = app, pg_catalog, pg_temp AS $$
BEGIN
    UPDATE app.user_sessions s SET revoked_at = app.now()
    WHERE s.id = p_family AND s.user_id = app.user_id() AND s.revoked_at IS NULL;
    RETURN FOUND;
END
$$;
COMMENT ON FUNCTION app.end_session(uuid) IS
    'The caller''s own sign-in is over; false where it is not theirs, or was over before.';
GRANT EXECUTE ON FUNCTION app.end_session(uuid) TO consulta_user, consulta_admin;
