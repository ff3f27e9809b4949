-- The calendar's lock for those who change the week and its exceptions.

CREATE FUNCTION app.lock_calendar(p_specialist uuid) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = app, pg_catalog, pg_temp AS $$
DECLARE
    v_revision bigint;
BEGIN
    IF p_specialist IS DISTINCT FROM app.user_id()
       AND app.caller_role() NOT IN ('consulta_admin', 'consulta_worker') THEN
        PERFORM app.refuse('SPECIALIST_NOT_FOUND');
    END IF;
    UPDATE app.calendars c SET revision = c.revision + 1, updated_at = app.now()
    WHERE c.specialist_id = p_specialist
    RETURNING c.revision INTO v_revision;
    IF v_revision IS NULL THEN
        PERFORM app.refuse('SPECIALIST_NOT_FOUND');
    END IF;
    RETURN v_revision;
END
$$;
COMMENT ON FUNCTION app.lock_calendar(uuid) IS
    'The calendar is the caller''s until the transaction ends, and counts one more change; its specialist, admins and the worker may, anybody else gets SPECIALIST_NOT_FOUND.';
GRANT EXECUTE ON FUNCTION app.lock_calendar(uuid)
    TO consulta_user, consulta_admin, consulta_worker;
