-- reconciliation_findings: the worker writes what it found; admins read and settle.
ALTER TABLE app.reconciliation_findings ENABLE ROW LEVEL SECURITY;
ALTER TABLE app.reconciliation_findings FORCE ROW LEVEL SECURITY;

-- An admin without a name sees nothing and leaves nothing.
CREATE POLICY belt ON app.reconciliation_findings AS RESTRICTIVE FOR ALL TO consulta_admin
    USING ((SELECT app.user_id()) IS NOT NULL) WITH CHECK ((SELECT app.user_id()) IS NOT NULL);

GRANT SELECT, UPDATE (state, settled_by, settled_at, note)
    ON app.reconciliation_findings TO consulta_admin;
CREATE POLICY admin_reads ON app.reconciliation_findings FOR SELECT TO consulta_admin USING (true);
CREATE POLICY admin_changes ON app.reconciliation_findings FOR UPDATE TO consulta_admin
    USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, UPDATE ON app.reconciliation_findings TO consulta_worker;
CREATE POLICY worker_reads ON app.reconciliation_findings FOR SELECT TO consulta_worker
    USING (true);
CREATE POLICY worker_adds ON app.reconciliation_findings FOR INSERT TO consulta_worker
    WITH CHECK (true);
CREATE POLICY worker_changes ON app.reconciliation_findings FOR UPDATE TO consulta_worker
    USING (true) WITH CHECK (true);
