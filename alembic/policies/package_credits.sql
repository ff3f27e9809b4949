-- package_credits: the ledger: both parties read; functions and the worker add; nobody changes.
ALTER TABLE app.package_credits ENABLE ROW LEVEL SECURITY;
ALTER TABLE app.package_credits FORCE ROW LEVEL SECURITY;

-- No identity, no rows.
CREATE POLICY belt ON app.package_credits AS RESTRICTIVE FOR ALL
    TO consulta_user, consulta_admin
    USING ((SELECT app.user_id()) IS NOT NULL) WITH CHECK ((SELECT app.user_id()) IS NOT NULL);

GRANT SELECT ON app.package_credits TO consulta_user;
CREATE POLICY party_reads ON app.package_credits FOR SELECT TO consulta_user
    USING (client_id = (SELECT app.user_id()) OR specialist_id = (SELECT app.user_id()));

GRANT SELECT ON app.package_credits TO consulta_admin;
CREATE POLICY admin_reads ON app.package_credits FOR SELECT TO consulta_admin USING (true);
GRANT SELECT, INSERT ON app.package_credits TO consulta_worker;
CREATE POLICY worker_reads ON app.package_credits FOR SELECT TO consulta_worker USING (true);
CREATE POLICY worker_adds ON app.package_credits FOR INSERT TO consulta_worker WITH CHECK (true);
GRANT SELECT, INSERT ON app.package_credits TO consulta_definer;
CREATE POLICY definer_reads ON app.package_credits FOR SELECT TO consulta_definer USING (true);
CREATE POLICY definer_adds ON app.package_credits FOR INSERT TO consulta_definer WITH CHECK (true);

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON app.package_credits
    FOR EACH ROW EXECUTE FUNCTION app.refuse_change();

-- What is left of a purchase is the sum of its rows here.
CREATE TRIGGER apply_credits AFTER INSERT ON app.package_credits
    FOR EACH ROW EXECUTE FUNCTION app.apply_credits();
