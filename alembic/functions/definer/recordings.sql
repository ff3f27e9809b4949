-- How long recordings are kept: a new answer holds for those that are there already.

CREATE FUNCTION app.apply_retention() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = app, pg_catalog, pg_temp AS $$
BEGIN
    -- What would be overdue at once goes a day later, so that a slip can be mended. Uploads are
    -- written, too, so that one which becomes ready at this moment waits or is waited for.
    UPDATE app.meeting_recordings m
    SET expires_at = CASE WHEN NEW.retention_days IS NOT NULL
        THEN greatest(coalesce(m.ready_at, app.now()) + make_interval(days => NEW.retention_days),
            app.now() + interval '1 day') END
    WHERE m.specialist_id = NEW.specialist_id AND m.status IN ('uploading', 'ready');
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION app.apply_retention() IS
    'Recordings that are kept expire by the retention that was just chosen, tomorrow at the earliest.';
GRANT EXECUTE ON FUNCTION app.apply_retention() TO consulta_owner;
