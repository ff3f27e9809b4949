-- saved_method_actions: the client alone reads what the own browser has to do.
ALTER TABLE app.saved_method_actions ENABLE ROW LEVEL SECURITY;
ALTER TABLE app.saved_method_actions FORCE ROW LEVEL SECURITY;

-- No identity, no rows.
CREATE POLICY belt ON app.saved_method_actions AS RESTRICTIVE FOR ALL TO consulta_user
    USING ((SELECT app.user_id()) IS NOT NULL) WITH CHECK ((SELECT app.user_id()) IS NOT NULL);

GRANT SELECT ON app.saved_method_actions TO consulta_user;
CREATE POLICY client_reads ON app.saved_method_actions FOR SELECT TO consulta_user
    USING (client_id = (SELECT app.user_id()));

GRANT SELECT, INSERT, UPDATE ON app.saved_method_actions TO consulta_worker;
CREATE POLICY worker_reads ON app.saved_method_actions FOR SELECT TO consulta_worker USING (true);
CREATE POLICY worker_adds ON app.saved_method_actions FOR INSERT TO consulta_worker
    WITH CHECK (true);
CREATE POLICY worker_changes ON app.saved_method_actions FOR UPDATE TO consulta_worker
    USING (true) WITH CHECK (true);
