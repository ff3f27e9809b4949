-- reconciliation_cursors: the worker keeps its place; admins look.
ALTER TABLE app.reconciliation_cursors ENABLE ROW LEVEL SECURITY;
ALTER TABLE app.reconciliation_cursors FORCE ROW LEVEL SECURITY;

-- An admin without a name sees nothing and leaves nothing.
CREATE POLICY belt ON app.reconciliation_cursors AS RESTRICTIVE FOR ALL TO consulta_admin
    USING ((SELECT app.user_id()) IS NOT NULL) WITH CHECK ((SELECT app.user_id()) IS NOT NULL);

GRANT SELECT ON app.reconciliation_cursors TO consulta_admin;
CREATE POLICY admin_reads ON app.reconciliation_cursors FOR SELECT TO consulta_admin USING (true);
GRANT SELECT, INSERT, UPDATE ON app.reconciliation_cursors TO consulta_worker;
CREATE POLICY worker_reads ON app.reconciliation_cursors FOR SELECT TO consulta_worker USING (true);
CREATE POLICY worker_adds ON app.reconciliation_cursors FOR INSERT TO consulta_worker
    WITH CHECK (true);
CREATE POLICY worker_changes ON app.reconciliation_cursors FOR UPDATE TO consulta_worker
    USING (true) WITH CHECK (true);

CREATE TRIGGER touch BEFORE UPDATE ON app.reconciliation_cursors
    FOR EACH ROW EXECUTE FUNCTION app.touch();
