-- Who books by telephone knows the caller's address, and nothing else of any account.

CREATE FUNCTION app.client_at(p_email text) RETURNS uuid
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = app, pg_catalog, pg_temp AS $$
DECLARE
    client uuid;
BEGIN
    IF app.caller_role() <> 'consulta_admin' AND NOT EXISTS (
        SELECT 1 FROM app.specialists s WHERE s.id = app.user_id() AND s.is_verified) THEN
        PERFORM app.refuse('FORBIDDEN');
    END IF;
    SELECT u.id INTO client FROM app.users u
    WHERE u.email = lower(p_email) AND u.role = 'client' AND u.is_active;
    RETURN client;
END
$$;
COMMENT ON FUNCTION app.client_at(text) IS
    'The active client account with exactly that address, or NULL; for verified specialists and admins, FORBIDDEN to anybody else. The asking is counted by whoever calls.';
GRANT EXECUTE ON FUNCTION app.client_at(text) TO consulta_user, consulta_admin;
