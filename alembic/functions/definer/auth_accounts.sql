-- Accounts: made by registration, by an external issuer's first token, or by the service itself.

CREATE FUNCTION app.create_account(
    p_email text, p_password_hash text, p_full_name text, p_role text, p_time_zone text)
RETURNS uuid
LANGUAGE plpgsql SECURITY DEFINER SET search_path = app, pg_catalog, pg_temp AS $$
DECLARE
    v_id uuid := app.new_id();
BEGIN
    INSERT INTO app.users (id, email, role) VALUES (v_id, p_email, p_role);
    IF p_password_hash IS NOT NULL THEN
        INSERT INTO app.credentials (user_id, password_hash) VALUES (v_id, p_password_hash);
    END IF;
    INSERT INTO app.profiles (user_id, full_name, time_zone) VALUES (v_id, p_full_name, p_time_zone);
    RETURN v_id;
END
$$;
COMMENT ON FUNCTION app.create_account(text, text, text, text, text) IS
    'An account with its profile, of any role; for seeds and the command line, hence the worker alone.';
GRANT EXECUTE ON FUNCTION app.create_account(text, text, text, text, text) TO consulta_worker;

CREATE FUNCTION app.make_admin(p_email text) RETURNS uuid
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = app, pg_catalog, pg_temp AS $$
    UPDATE app.users u SET role = 'admin' WHERE u.email = p_email RETURNING u.id
$$;
COMMENT ON FUNCTION app.make_admin(text) IS
    'The account with that address is an admin''s; NULL where there is none. The worker alone.';
GRANT EXECUTE ON FUNCTION app.make_admin(text) TO consulta_worker;

CREATE FUNCTION app.identity_of_external(
    p_issuer text, p_subject text, p_email text, p_full_name text)
RETURNS TABLE (user_id uuid, role text, is_active boolean, is_new boolean)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = app, pg_catalog, pg_temp AS $$
DECLARE
    v_id uuid;
BEGIN
    RETURN QUERY SELECT u.id, u.role, u.is_active, false FROM app.users u
        WHERE u.issuer = p_issuer AND u.subject = p_subject;
    IF FOUND THEN
        RETURN;
    ELSIF p_email IS NULL THEN
        PERFORM app.refuse('UNAUTHORIZED');
    END IF;
    INSERT INTO app.users AS u (email, issuer, subject) VALUES (p_email, p_issuer, p_subject)
    ON CONFLICT DO NOTHING RETURNING u.id INTO v_id;
    IF v_id IS NOT NULL THEN
        INSERT INTO app.profiles (user_id, full_name) VALUES (v_id, p_full_name);
        RETURN QUERY SELECT v_id, 'client', true, true;
        RETURN;
    END IF;
    -- Either a second request of the same newcomer was faster, or the address is somebody else's.
    RETURN QUERY SELECT u.id, u.role, u.is_active, false FROM app.users u
        WHERE u.issuer = p_issuer AND u.subject = p_subject;
    IF NOT FOUND THEN
        PERFORM app.refuse('EMAIL_ALREADY_REGISTERED');
    END IF;
END
$$;
COMMENT ON FUNCTION app.identity_of_external(text, text, text, text) IS
    'The account of an issuer''s subject, made at first sight as a client''s; an address in use here is refused.';
GRANT EXECUTE ON FUNCTION app.identity_of_external(text, text, text, text) TO consulta_anonymous;
