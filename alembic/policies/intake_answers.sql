-- intake_answers: the client writes, both parties read; admins have no right to them.
ALTER TABLE app.intake_answers ENABLE ROW LEVEL SECURITY;
ALTER TABLE app.intake_answers FORCE ROW LEVEL SECURITY;

-- No identity, no rows.
CREATE POLICY belt ON app.intake_answers AS RESTRICTIVE FOR ALL
    TO consulta_user
    USING ((SELECT app.user_id()) IS NOT NULL) WITH CHECK ((SELECT app.user_id()) IS NOT NULL);

GRANT SELECT, INSERT (booking_id, specialist_id, client_id, form_id, key_id, wrapped_key, sealed),
    UPDATE (form_id, key_id, wrapped_key, sealed) ON app.intake_answers TO consulta_user;
CREATE POLICY party_reads ON app.intake_answers FOR SELECT TO consulta_user
    USING (client_id = (SELECT app.user_id()) OR specialist_id = (SELECT app.user_id()));
CREATE POLICY client_adds ON app.intake_answers FOR INSERT TO consulta_user
    WITH CHECK (client_id = (SELECT app.user_id()));
CREATE POLICY client_changes ON app.intake_answers FOR UPDATE TO consulta_user
    USING (client_id = (SELECT app.user_id())) WITH CHECK (client_id = (SELECT app.user_id()));

-- Rotation wraps data keys anew, and has no right to what they seal.
GRANT SELECT (booking_id, specialist_id, client_id, form_id, revision, submitted_at, created_at,
    updated_at, key_id, wrapped_key),
    UPDATE (key_id, wrapped_key) ON app.intake_answers TO consulta_worker;
CREATE POLICY worker_reads ON app.intake_answers FOR SELECT TO consulta_worker USING (true);
CREATE POLICY worker_rewraps ON app.intake_answers FOR UPDATE TO consulta_worker
    USING (true) WITH CHECK (true);

-- Erasure finds the answers of a person and takes them away unread.
GRANT SELECT (booking_id, client_id), DELETE ON app.intake_answers TO consulta_definer;
CREATE POLICY definer_reads ON app.intake_answers FOR SELECT TO consulta_definer USING (true);
CREATE POLICY definer_removes ON app.intake_answers FOR DELETE TO consulta_definer USING (true);

CREATE TRIGGER guard BEFORE INSERT OR UPDATE ON app.intake_answers
    FOR EACH ROW EXECUTE FUNCTION app.guard_intake_answers();
CREATE TRIGGER mark_booking AFTER INSERT ON app.intake_answers
    FOR EACH ROW EXECUTE FUNCTION app.mark_intake_completed();
