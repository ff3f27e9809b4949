-- session_notes: the author writes, both parties read; admins open one with a reason, through a door.
ALTER TABLE app.session_notes ENABLE ROW LEVEL SECURITY;
ALTER TABLE app.session_notes FORCE ROW LEVEL SECURITY;

-- No identity, no rows.
CREATE POLICY belt ON app.session_notes AS RESTRICTIVE FOR ALL
    TO consulta_user, consulta_admin
    USING ((SELECT app.user_id()) IS NOT NULL) WITH CHECK ((SELECT app.user_id()) IS NOT NULL);

GRANT SELECT, INSERT (id, booking_id, specialist_id, client_id, key_id, wrapped_key, sealed),
    UPDATE (key_id, wrapped_key, sealed) ON app.session_notes TO consulta_user;
CREATE POLICY party_reads ON app.session_notes FOR SELECT TO consulta_user
    USING (client_id = (SELECT app.user_id()) OR specialist_id = (SELECT app.user_id()));
CREATE POLICY author_adds ON app.session_notes FOR INSERT TO consulta_user
    WITH CHECK (specialist_id = (SELECT app.user_id()));
CREATE POLICY author_changes ON app.session_notes FOR UPDATE TO consulta_user
    USING (specialist_id = (SELECT app.user_id())) WITH CHECK (specialist_id = (SELECT app.user_id()));

-- That there is a note, and not what it says.
GRANT SELECT (id, booking_id, specialist_id, client_id, revision, editable_until, created_at,
    updated_at) ON app.session_notes TO consulta_admin;
CREATE POLICY admin_reads ON app.session_notes FOR SELECT TO consulta_admin USING (true);

-- Rotation wraps data keys anew, and has no right to what they seal.
GRANT SELECT (id, booking_id, specialist_id, client_id, revision, editable_until, created_at,
    updated_at, key_id, wrapped_key),
    UPDATE (key_id, wrapped_key) ON app.session_notes TO consulta_worker;
CREATE POLICY worker_reads ON app.session_notes FOR SELECT TO consulta_worker USING (true);
CREATE POLICY worker_rewraps ON app.session_notes FOR UPDATE TO consulta_worker
    USING (true) WITH CHECK (true);

GRANT SELECT, DELETE ON app.session_notes TO consulta_definer;
CREATE POLICY definer_reads ON app.session_notes FOR SELECT TO consulta_definer USING (true);
CREATE POLICY definer_deletes ON app.session_notes FOR DELETE TO consulta_definer USING (true);

CREATE TRIGGER guard BEFORE INSERT OR UPDATE ON app.session_notes
    FOR EACH ROW EXECUTE FUNCTION app.guard_session_note();
