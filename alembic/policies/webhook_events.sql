-- webhook_events: the workers letter-box; admins read.
ALTER TABLE app.webhook_events ENABLE ROW LEVEL SECURITY;
ALTER TABLE app.webhook_events FORCE ROW LEVEL SECURITY;

-- An admin without a name sees nothing and leaves nothing.
CREATE POLICY belt ON app.webhook_events AS RESTRICTIVE FOR ALL TO consulta_admin
    USING ((SELECT app.user_id()) IS NOT NULL) WITH CHECK ((SELECT app.user_id()) IS NOT NULL);

GRANT SELECT ON app.webhook_events TO consulta_admin;
CREATE POLICY admin_reads ON app.webhook_events FOR SELECT TO consulta_admin USING (true);
GRANT SELECT, INSERT, UPDATE, DELETE ON app.webhook_events TO consulta_worker;
CREATE POLICY worker_reads ON app.webhook_events FOR SELECT TO consulta_worker USING (true);
CREATE POLICY worker_adds ON app.webhook_events FOR INSERT TO consulta_worker WITH CHECK (true);
CREATE POLICY worker_changes ON app.webhook_events FOR UPDATE TO consulta_worker USING (true) WITH CHECK (true);
CREATE POLICY worker_removes ON app.webhook_events FOR DELETE TO consulta_worker USING (true);
