-- payment_configs: the owner reads; people write through functions alone.
ALTER TABLE app.payment_configs ENABLE ROW LEVEL SECURITY;
ALTER TABLE app.payment_configs FORCE ROW LEVEL SECURITY;

-- No identity, no rows.
CREATE POLICY belt ON app.payment_configs AS RESTRICTIVE FOR ALL
    TO consulta_user, consulta_admin
    USING ((SELECT app.user_id()) IS NOT NULL) WITH CHECK ((SELECT app.user_id()) IS NOT NULL);

GRANT SELECT ON app.payment_configs TO consulta_user;
CREATE POLICY owner_reads ON app.payment_configs FOR SELECT TO consulta_user
    USING (specialist_id = (SELECT app.user_id()));

GRANT SELECT ON app.payment_configs TO consulta_admin;
CREATE POLICY admin_reads ON app.payment_configs FOR SELECT TO consulta_admin USING (true);
GRANT SELECT ON app.payment_configs TO consulta_worker;
CREATE POLICY worker_reads ON app.payment_configs FOR SELECT TO consulta_worker USING (true);
GRANT SELECT, INSERT, UPDATE ON app.payment_configs TO consulta_definer;
CREATE POLICY definer_reads ON app.payment_configs FOR SELECT TO consulta_definer USING (true);
CREATE POLICY definer_adds ON app.payment_configs FOR INSERT TO consulta_definer WITH CHECK (true);
CREATE POLICY definer_changes ON app.payment_configs FOR UPDATE TO consulta_definer
    USING (true) WITH CHECK (true);

CREATE TRIGGER touch BEFORE UPDATE ON app.payment_configs
    FOR EACH ROW EXECUTE FUNCTION app.touch();
