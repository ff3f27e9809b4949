-- saved_methods: both parties read; functions and the worker write.
ALTER TABLE app.saved_methods ENABLE ROW LEVEL SECURITY;
ALTER TABLE app.saved_methods FORCE ROW LEVEL SECURITY;

-- No identity, no rows.
CREATE POLICY belt ON app.saved_methods AS RESTRICTIVE FOR ALL
    TO consulta_user, consulta_admin
    USING ((SELECT app.user_id()) IS NOT NULL) WITH CHECK ((SELECT app.user_id()) IS NOT NULL);

GRANT SELECT ON app.saved_methods TO consulta_user;
CREATE POLICY party_reads ON app.saved_methods FOR SELECT TO consulta_user
    USING (client_id = (SELECT app.user_id()) OR specialist_id = (SELECT app.user_id()));

GRANT SELECT ON app.saved_methods TO consulta_admin;
CREATE POLICY admin_reads ON app.saved_methods FOR SELECT TO consulta_admin USING (true);
GRANT SELECT, INSERT, UPDATE ON app.saved_methods TO consulta_worker;
CREATE POLICY worker_reads ON app.saved_methods FOR SELECT TO consulta_worker USING (true);
CREATE POLICY worker_adds ON app.saved_methods FOR INSERT TO consulta_worker WITH CHECK (true);
CREATE POLICY worker_changes ON app.saved_methods FOR UPDATE TO consulta_worker
    USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, UPDATE ON app.saved_methods TO consulta_definer;
CREATE POLICY definer_reads ON app.saved_methods FOR SELECT TO consulta_definer USING (true);
CREATE POLICY definer_adds ON app.saved_methods FOR INSERT TO consulta_definer WITH CHECK (true);
CREATE POLICY definer_changes ON app.saved_methods FOR UPDATE TO consulta_definer
    USING (true) WITH CHECK (true);

CREATE TRIGGER touch BEFORE UPDATE ON app.saved_methods
    FOR EACH ROW EXECUTE FUNCTION app.touch();

-- Nothing begins with somebody who was erased meanwhile.
CREATE TRIGGER parties_are_there AFTER INSERT ON app.saved_methods
    REFERENCING NEW TABLE AS made
    FOR EACH STATEMENT EXECUTE FUNCTION app.parties_are_there();
