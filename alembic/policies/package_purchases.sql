-- package_purchases: both parties read; functions and the worker write; the trigger guards.
ALTER TABLE app.package_purchases ENABLE ROW LEVEL SECURITY;
ALTER TABLE app.package_purchases FORCE ROW LEVEL SECURITY;

-- No identity, no rows.
CREATE POLICY belt ON app.package_purchases AS RESTRICTIVE FOR ALL
    TO consulta_user, consulta_admin
    USING ((SELECT app.user_id()) IS NOT NULL) WITH CHECK ((SELECT app.user_id()) IS NOT NULL);

GRANT SELECT ON app.package_purchases TO consulta_user;
CREATE POLICY party_reads ON app.package_purchases FOR SELECT TO consulta_user
    USING (client_id = (SELECT app.user_id()) OR specialist_id = (SELECT app.user_id()));

GRANT SELECT ON app.package_purchases TO consulta_admin;
CREATE POLICY admin_reads ON app.package_purchases FOR SELECT TO consulta_admin USING (true);
GRANT SELECT, UPDATE ON app.package_purchases TO consulta_worker;
CREATE POLICY worker_reads ON app.package_purchases FOR SELECT TO consulta_worker USING (true);
CREATE POLICY worker_changes ON app.package_purchases FOR UPDATE TO consulta_worker
    USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, UPDATE ON app.package_purchases TO consulta_definer;
CREATE POLICY definer_reads ON app.package_purchases FOR SELECT TO consulta_definer USING (true);
CREATE POLICY definer_adds ON app.package_purchases FOR INSERT TO consulta_definer
    WITH CHECK (true);
CREATE POLICY definer_changes ON app.package_purchases FOR UPDATE TO consulta_definer
    USING (true) WITH CHECK (true);

CREATE TRIGGER guard_moves BEFORE INSERT OR UPDATE ON app.package_purchases
    FOR EACH ROW EXECUTE FUNCTION app.guard_purchase();

-- Nothing begins with somebody who was erased meanwhile.
CREATE TRIGGER parties_are_there AFTER INSERT ON app.package_purchases
    REFERENCING NEW TABLE AS made
    FOR EACH STATEMENT EXECUTE FUNCTION app.parties_are_there();
