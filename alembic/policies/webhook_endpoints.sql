-- webhook_endpoints: the owner reads, admins all; people write through functions alone.
ALTER TABLE app.webhook_endpoints ENABLE ROW LEVEL SECURITY;
ALTER TABLE app.webhook_endpoints FORCE ROW LEVEL SECURITY;

-- No identity, no rows.
CREATE POLICY belt ON app.webhook_endpoints AS RESTRICTIVE FOR ALL
    TO consulta_user, consulta_admin
    USING ((SELECT app.user_id()) IS NOT NULL) WITH CHECK ((SELECT app.user_id()) IS NOT NULL);

GRANT SELECT ON app.webhook_endpoints TO consulta_user;
CREATE POLICY owner_reads ON app.webhook_endpoints FOR SELECT TO consulta_user
    USING (specialist_id = (SELECT app.user_id()));

GRANT SELECT ON app.webhook_endpoints TO consulta_admin;
CREATE POLICY admin_reads ON app.webhook_endpoints FOR SELECT TO consulta_admin USING (true);

-- The worker stops posting to what is gone or fails, and never changes where facts go.
GRANT SELECT, UPDATE (is_active, disabled_at, disabled_reason, failing_since)
    ON app.webhook_endpoints TO consulta_worker;
CREATE POLICY worker_reads ON app.webhook_endpoints FOR SELECT TO consulta_worker USING (true);
CREATE POLICY worker_changes ON app.webhook_endpoints FOR UPDATE TO consulta_worker
    USING (true) WITH CHECK (true);

GRANT SELECT, INSERT, UPDATE ON app.webhook_endpoints TO consulta_definer;
CREATE POLICY definer_reads ON app.webhook_endpoints FOR SELECT TO consulta_definer USING (true);
CREATE POLICY definer_adds ON app.webhook_endpoints FOR INSERT TO consulta_definer
    WITH CHECK (true);
CREATE POLICY definer_changes ON app.webhook_endpoints FOR UPDATE TO consulta_definer
    USING (true) WITH CHECK (true);

CREATE TRIGGER touch BEFORE UPDATE ON app.webhook_endpoints
    FOR EACH ROW EXECUTE FUNCTION app.touch();
