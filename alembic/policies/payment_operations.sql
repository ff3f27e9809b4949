-- payment_operations: the workers books; admins read; people ask through app.request_operation.
ALTER TABLE app.payment_operations ENABLE ROW LEVEL SECURITY;
ALTER TABLE app.payment_operations FORCE ROW LEVEL SECURITY;

-- An admin without a name sees nothing and leaves nothing.
CREATE POLICY belt ON app.payment_operations AS RESTRICTIVE FOR ALL TO consulta_admin
    USING ((SELECT app.user_id()) IS NOT NULL) WITH CHECK ((SELECT app.user_id()) IS NOT NULL);

GRANT SELECT ON app.payment_operations TO consulta_admin;
CREATE POLICY admin_reads ON app.payment_operations FOR SELECT TO consulta_admin USING (true);
GRANT SELECT, INSERT, UPDATE ON app.payment_operations TO consulta_worker;
CREATE POLICY worker_reads ON app.payment_operations FOR SELECT TO consulta_worker USING (true);
CREATE POLICY worker_adds ON app.payment_operations FOR INSERT TO consulta_worker WITH CHECK (true);
CREATE POLICY worker_changes ON app.payment_operations FOR UPDATE TO consulta_worker USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, UPDATE ON app.payment_operations TO consulta_definer;
CREATE POLICY definer_reads ON app.payment_operations FOR SELECT TO consulta_definer USING (true);
CREATE POLICY definer_adds ON app.payment_operations FOR INSERT TO consulta_definer WITH CHECK (true);
CREATE POLICY definer_changes ON app.payment_operations FOR UPDATE TO consulta_definer USING (true) WITH CHECK (true);

CREATE TRIGGER touch BEFORE UPDATE ON app.payment_operations
    FOR EACH ROW EXECUTE FUNCTION app.touch();
