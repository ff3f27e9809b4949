-- job_runs: the workers; admins read.
ALTER TABLE app.job_runs ENABLE ROW LEVEL SECURITY;
ALTER TABLE app.job_runs FORCE ROW LEVEL SECURITY;

-- An admin without a name sees nothing and leaves nothing.
CREATE POLICY belt ON app.job_runs AS RESTRICTIVE FOR ALL TO consulta_admin
    USING ((SELECT app.user_id()) IS NOT NULL) WITH CHECK ((SELECT app.user_id()) IS NOT NULL);

GRANT SELECT ON app.job_runs TO consulta_admin;
CREATE POLICY admin_reads ON app.job_runs FOR SELECT TO consulta_admin USING (true);
GRANT SELECT, INSERT, UPDATE, DELETE ON app.job_runs TO consulta_worker;
CREATE POLICY worker_reads ON app.job_runs FOR SELECT TO consulta_worker USING (true);
CREATE POLICY worker_adds ON app.job_runs FOR INSERT TO consulta_worker WITH CHECK (true);
CREATE POLICY worker_changes ON app.job_runs FOR UPDATE TO consulta_worker USING (true) WITH CHECK (true);
CREATE POLICY worker_removes ON app.job_runs FOR DELETE TO consulta_worker USING (true);
