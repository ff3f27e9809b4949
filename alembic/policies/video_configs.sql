-- video_configs: the owner reads; people write through functions alone; the worker says whether
-- the connection holds.
ALTER TABLE app.video_configs ENABLE ROW LEVEL SECURITY;
ALTER TABLE app.video_configs FORCE ROW LEVEL SECURITY;

-- No identity, no rows.
CREATE POLICY belt ON app.video_configs AS RESTRICTIVE FOR ALL
    TO consulta_user, consulta_admin
    USING ((SELECT app.user_id()) IS NOT NULL) WITH CHECK ((SELECT app.user_id()) IS NOT NULL);

GRANT SELECT ON app.video_configs TO consulta_user;
CREATE POLICY owner_reads ON app.video_configs FOR SELECT TO consulta_user
    USING (specialist_id = (SELECT app.user_id()));

GRANT SELECT ON app.video_configs TO consulta_admin;
CREATE POLICY admin_reads ON app.video_configs FOR SELECT TO consulta_admin USING (true);

GRANT SELECT, UPDATE (state, last_error, checked_at) ON app.video_configs TO consulta_worker;
CREATE POLICY worker_reads ON app.video_configs FOR SELECT TO consulta_worker USING (true);
CREATE POLICY worker_changes ON app.video_configs FOR UPDATE TO consulta_worker
    USING (true) WITH CHECK (true);

GRANT SELECT, INSERT, UPDATE ON app.video_configs TO consulta_definer;
CREATE POLICY definer_reads ON app.video_configs FOR SELECT TO consulta_definer USING (true);
CREATE POLICY definer_adds ON app.video_configs FOR INSERT TO consulta_definer WITH CHECK (true);
CREATE POLICY definer_changes ON app.video_configs FOR UPDATE TO consulta_definer
    USING (true) WITH CHECK (true);

CREATE TRIGGER touch BEFORE UPDATE ON app.video_configs
    FOR EACH ROW EXECUTE FUNCTION app.touch();
