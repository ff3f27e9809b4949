-- Session notes: an admin's doors to them, each of which leaves its entry in the audit log.

CREATE FUNCTION app.note_for_admin(p_note uuid, p_action text, p_reason text)
RETURNS app.session_notes
LANGUAGE plpgsql SECURITY DEFINER SET search_path = app, pg_catalog, pg_temp AS $$
DECLARE
    note app.session_notes;
BEGIN
    IF app.user_id() IS NULL OR app.caller_role() <> 'consulta_admin' THEN
        PERFORM app.refuse('FORBIDDEN');
    ELSIF length(trim(coalesce(p_reason, ''))) NOT BETWEEN 3 AND 1000 THEN
        PERFORM app.refuse('REASON_REQUIRED');
    END IF;
    SELECT * INTO note FROM app.session_notes n WHERE n.id = p_note;
    IF note.id IS NULL THEN
        PERFORM app.refuse('NOTE_NOT_FOUND');
    END IF;
    INSERT INTO app.audit_logs
        (actor_id, actor, action, subject_type, subject_id, new_values, status, request_id)
    VALUES (app.user_id(), 'admin', p_action, 'session_note', note.id,
        jsonb_build_object('reason', p_reason, 'booking_id', note.booking_id,
            'specialist_id', note.specialist_id, 'client_id', note.client_id),
        'success', app.request_id());
    RETURN note;
END
$$;
COMMENT ON FUNCTION app.note_for_admin(uuid, text, text) IS
    'A note for an admin who says why, after that was written to the audit log. REASON_REQUIRED, NOTE_NOT_FOUND, FORBIDDEN.';

CREATE FUNCTION app.open_session_note(p_note uuid, p_reason text)
RETURNS TABLE (id uuid, note_id uuid, booking_id uuid, specialist_id uuid, client_id uuid,
    revision integer, key_id text, wrapped_key bytea, sealed bytea, editable_until timestamptz,
    created_at timestamptz, updated_at timestamptz, now timestamptz)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = app, pg_catalog, pg_temp AS $$
DECLARE
    note app.session_notes :=
        app.note_for_admin(p_note, 'session_note.opened_by_admin', p_reason);
BEGIN
    RETURN QUERY SELECT note.id, NULL::uuid, note.booking_id, note.specialist_id, note.client_id,
        note.revision, note.key_id, note.wrapped_key, note.sealed, note.editable_until,
        note.created_at, note.updated_at, app.now();
    RETURN QUERY SELECT a.id, a.note_id, note.booking_id, a.specialist_id, a.client_id, NULL::integer,
        a.key_id, a.wrapped_key, a.sealed, NULL::timestamptz, a.created_at, NULL::timestamptz,
        app.now()
    FROM app.session_note_amendments a WHERE a.note_id = p_note ORDER BY a.created_at, a.id;
END
$$;
COMMENT ON FUNCTION app.open_session_note(uuid, text) IS
    'The sealed note, and then what was appended to it, for an admin who says why; the audit log says so, too. Refuses as app.note_for_admin.';
GRANT EXECUTE ON FUNCTION app.open_session_note(uuid, text) TO consulta_admin;

CREATE FUNCTION app.delete_session_note(p_note uuid, p_reason text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = app, pg_catalog, pg_temp AS $$
BEGIN
    PERFORM app.note_for_admin(p_note, 'session_note.deleted', p_reason);
    DELETE FROM app.session_notes n WHERE n.id = p_note;
END
$$;
COMMENT ON FUNCTION app.delete_session_note(uuid, text) IS
    'The note is gone, and what was appended to it; the audit log says who wanted that, and why. Refuses as app.note_for_admin.';
GRANT EXECUTE ON FUNCTION app.delete_session_note(uuid, text) TO consulta_admin;
