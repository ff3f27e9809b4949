-- session_note_amendments: the author appends, both parties read; nobody changes.
ALTER TABLE app.session_note_amendments ENABLE ROW LEVEL SECURITY;
ALTER TABLE app.session_note_amendments FORCE ROW LEVEL SECURITY;

-- No identity, no rows.
CREATE POLICY belt ON app.session_note_amendments AS RESTRICTIVE FOR ALL
    TO consulta_user, consulta_admin
    USING ((SELECT app.user_id()) IS NOT NULL) WITH CHECK ((SELECT app.user_id()) IS NOT NULL);

GRANT SELECT, INSERT (id, note_id, specialist_id, client_id, key_id, wrapped_key, sealed)
    ON app.session_note_amendments TO consulta_user;
CREATE POLICY party_reads ON app.session_note_amendments FOR SELECT TO consulta_user
    USING (client_id = (SELECT app.user_id()) OR specialist_id = (SELECT app.user_id()));
CREATE POLICY author_adds ON app.session_note_amendments FOR INSERT TO consulta_user
    WITH CHECK (specialist_id = (SELECT app.user_id()));

-- Rotation wraps data keys anew, and has no right to what they seal.
GRANT SELECT (id, note_id, specialist_id, client_id, created_at, key_id, wrapped_key),
    UPDATE (key_id, wrapped_key) ON app.session_note_amendments TO consulta_worker;
CREATE POLICY worker_reads ON app.session_note_amendments FOR SELECT TO consulta_worker USING (true);
CREATE POLICY worker_rewraps ON app.session_note_amendments FOR UPDATE TO consulta_worker
    USING (true) WITH CHECK (true);

-- An admin's reading; they go with their note.
GRANT SELECT ON app.session_note_amendments TO consulta_definer;
CREATE POLICY definer_reads ON app.session_note_amendments FOR SELECT TO consulta_definer
    USING (true);

CREATE TRIGGER guard BEFORE INSERT OR UPDATE ON app.session_note_amendments
    FOR EACH ROW EXECUTE FUNCTION app.guard_amendment();
