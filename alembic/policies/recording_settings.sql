-- recording_settings: the specialist's own; the worker and admins read.
ALTER TABLE app.recording_settings ENABLE ROW LEVEL SECURITY;
ALTER TABLE app.recording_settings FORCE ROW LEVEL SECURITY;

-- No identity, no rows.
CREATE POLICY belt ON app.recording_settings AS RESTRICTIVE FOR ALL
    TO consulta_user, consulta_admin
    USING ((SELECT app.user_id()) IS NOT NULL) WITH CHECK ((SELECT app.user_id()) IS NOT NULL);

GRANT SELECT ON app.recording_settings TO consulta_user;
GRANT INSERT (specialist_id, retention_days) ON app.recording_settings TO consulta_user;
GRANT UPDATE (retention_days) ON app.recording_settings TO consulta_user;
CREATE POLICY owner_reads ON app.recording_settings FOR SELECT TO consulta_user
    USING (specialist_id = (SELECT app.user_id()));
CREATE POLICY owner_adds ON app.recording_settings FOR INSERT TO consulta_user
    WITH CHECK (specialist_id = (SELECT app.user_id()));
CREATE POLICY owner_changes ON app.recording_settings FOR UPDATE TO consulta_user
    USING (specialist_id = (SELECT app.user_id()))
    WITH CHECK (specialist_id = (SELECT app.user_id()));

GRANT SELECT ON app.recording_settings TO consulta_admin, consulta_worker;
CREATE POLICY admin_reads ON app.recording_settings FOR SELECT TO consulta_admin USING (true);
CREATE POLICY worker_reads ON app.recording_settings FOR SELECT TO consulta_worker USING (true);

CREATE TRIGGER touch BEFORE UPDATE ON app.recording_settings
    FOR EACH ROW EXECUTE FUNCTION app.touch();
CREATE TRIGGER apply_retention AFTER INSERT OR UPDATE OF retention_days ON app.recording_settings
    FOR EACH ROW EXECUTE FUNCTION app.apply_retention();
