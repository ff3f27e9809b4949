-- meeting_recordings: both parties read; admins and the worker write.
ALTER TABLE app.meeting_recordings ENABLE ROW LEVEL SECURITY;
ALTER TABLE app.meeting_recordings FORCE ROW LEVEL SECURITY;

-- No identity, no rows.
CREATE POLICY belt ON app.meeting_recordings AS RESTRICTIVE FOR ALL
    TO consulta_user, consulta_admin
    USING ((SELECT app.user_id()) IS NOT NULL) WITH CHECK ((SELECT app.user_id()) IS NOT NULL);

GRANT SELECT ON app.meeting_recordings TO consulta_user;
CREATE POLICY party_reads ON app.meeting_recordings FOR SELECT TO consulta_user
    USING (client_id = (SELECT app.user_id()) OR specialist_id = (SELECT app.user_id()));

GRANT SELECT, INSERT ON app.meeting_recordings TO consulta_admin;
GRANT UPDATE (status, ready_at, expires_at, deleted_at) ON app.meeting_recordings TO consulta_admin;
CREATE POLICY admin_reads ON app.meeting_recordings FOR SELECT TO consulta_admin USING (true);
CREATE POLICY admin_adds ON app.meeting_recordings FOR INSERT TO consulta_admin WITH CHECK (true);
CREATE POLICY admin_changes ON app.meeting_recordings FOR UPDATE TO consulta_admin
    USING (true) WITH CHECK (true);

GRANT SELECT, INSERT ON app.meeting_recordings TO consulta_worker;
GRANT UPDATE (status, ready_at, expires_at, deleted_at, object_deleted_at)
    ON app.meeting_recordings TO consulta_worker;
CREATE POLICY worker_reads ON app.meeting_recordings FOR SELECT TO consulta_worker USING (true);
CREATE POLICY worker_adds ON app.meeting_recordings FOR INSERT TO consulta_worker WITH CHECK (true);
CREATE POLICY worker_changes ON app.meeting_recordings FOR UPDATE TO consulta_worker
    USING (true) WITH CHECK (true);

-- A new retention holds for what is kept already.
GRANT SELECT ON app.meeting_recordings TO consulta_definer;
GRANT UPDATE (expires_at) ON app.meeting_recordings TO consulta_definer;
CREATE POLICY definer_reads ON app.meeting_recordings FOR SELECT TO consulta_definer USING (true);
CREATE POLICY definer_changes ON app.meeting_recordings FOR UPDATE TO consulta_definer
    USING (true) WITH CHECK (true);

-- Which moves are legal, and what of a recording never changes.
CREATE TRIGGER guard_moves BEFORE INSERT OR UPDATE ON app.meeting_recordings
    FOR EACH ROW EXECUTE FUNCTION app.guard_recording();
