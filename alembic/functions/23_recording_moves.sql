-- The table of moves of a recording; consulta.features.recordings.states mirrors it.

CREATE FUNCTION app.recording_moves() RETURNS TABLE (from_status text, to_status text)
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    VALUES ('uploading', 'ready'), ('uploading', 'failed'), ('uploading', 'deleted'),
           ('ready', 'deleted')
$$;
COMMENT ON FUNCTION app.recording_moves() IS
    'Every legal move of a recording''s status; admins and the worker make them.';

CREATE FUNCTION app.guard_recording() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.updated_at := app.now();
    IF TG_OP = 'INSERT' THEN
        IF NEW.status <> 'uploading' THEN
            RAISE EXCEPTION USING ERRCODE = '42501', MESSAGE = 'no recording starts in this state';
        END IF;
        RETURN NEW;
    END IF;
    IF (NEW.id, NEW.booking_id, NEW.specialist_id, NEW.client_id, NEW.number, NEW.storage_path,
        NEW.file_format, NEW.duration_seconds, NEW.storage_size_bytes, NEW.sha256,
        NEW.is_encrypted, NEW.upload_expires_at, NEW.created_at)
       IS DISTINCT FROM
       (OLD.id, OLD.booking_id, OLD.specialist_id, OLD.client_id, OLD.number, OLD.storage_path,
        OLD.file_format, OLD.duration_seconds, OLD.storage_size_bytes, OLD.sha256,
        OLD.is_encrypted, OLD.upload_expires_at, OLD.created_at) THEN
        RAISE EXCEPTION USING ERRCODE = '42501',
            MESSAGE = 'a recording keeps its parties, its place and what it is';
    END IF;
    IF NEW.status <> OLD.status AND NOT EXISTS (
        SELECT 1 FROM app.recording_moves() m
        WHERE m.from_status = OLD.status AND m.to_status = NEW.status) THEN
        RAISE EXCEPTION USING ERRCODE = '42501',
            MESSAGE = format('no move from %s to %s', OLD.status, NEW.status);
    END IF;
    RETURN NEW;
END
$$;
COMMENT ON FUNCTION app.guard_recording() IS
    'A recording keeps its parties and what it is; its status moves by the table.';

GRANT EXECUTE ON FUNCTION app.recording_moves()
    TO consulta_admin, consulta_worker, consulta_definer;
