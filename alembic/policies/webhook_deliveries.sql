-- webhook_deliveries: the owner of the endpoint reads, admins all; the worker posts.
ALTER TABLE app.webhook_deliveries ENABLE ROW LEVEL SECURITY;
ALTER TABLE app.webhook_deliveries FORCE ROW LEVEL SECURITY;

-- No identity, no rows.
CREATE POLICY belt ON app.webhook_deliveries AS RESTRICTIVE FOR ALL
    TO consulta_user, consulta_admin
    USING ((SELECT app.user_id()) IS NOT NULL) WITH CHECK ((SELECT app.user_id()) IS NOT NULL);

GRANT SELECT ON app.webhook_deliveries TO consulta_user;
CREATE POLICY owner_reads ON app.webhook_deliveries FOR SELECT TO consulta_user
    USING (specialist_id = (SELECT app.user_id()));

GRANT SELECT ON app.webhook_deliveries TO consulta_admin;
CREATE POLICY admin_reads ON app.webhook_deliveries FOR SELECT TO consulta_admin USING (true);

GRANT SELECT, INSERT, UPDATE, DELETE ON app.webhook_deliveries TO consulta_worker;
CREATE POLICY worker_reads ON app.webhook_deliveries FOR SELECT TO consulta_worker USING (true);
CREATE POLICY worker_adds ON app.webhook_deliveries FOR INSERT TO consulta_worker
    WITH CHECK (true);
CREATE POLICY worker_changes ON app.webhook_deliveries FOR UPDATE TO consulta_worker
    USING (true) WITH CHECK (true);
CREATE POLICY worker_removes ON app.webhook_deliveries FOR DELETE TO consulta_worker
    USING (true);

GRANT SELECT, INSERT, UPDATE ON app.webhook_deliveries TO consulta_definer;
CREATE POLICY definer_reads ON app.webhook_deliveries FOR SELECT TO consulta_definer USING (true);
CREATE POLICY definer_adds ON app.webhook_deliveries FOR INSERT TO consulta_definer
    WITH CHECK (true);
CREATE POLICY definer_changes ON app.webhook_deliveries FOR UPDATE TO consulta_definer
    USING (true) WITH CHECK (true);
