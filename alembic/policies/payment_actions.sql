-- payment_actions: the payer alone reads what the own browser has to do.
ALTER TABLE app.payment_actions ENABLE ROW LEVEL SECURITY;
ALTER TABLE app.payment_actions FORCE ROW LEVEL SECURITY;

-- No identity, no rows.
CREATE POLICY belt ON app.payment_actions AS RESTRICTIVE FOR ALL
    TO consulta_user, consulta_admin
    USING ((SELECT app.user_id()) IS NOT NULL) WITH CHECK ((SELECT app.user_id()) IS NOT NULL);

GRANT SELECT ON app.payment_actions TO consulta_user;
CREATE POLICY payer_reads ON app.payment_actions FOR SELECT TO consulta_user
    USING (client_id = (SELECT app.user_id()));

-- Admins may name the table (a view joins it) but have no policy: no row of it is theirs.
GRANT SELECT ON app.payment_actions TO consulta_admin;

GRANT SELECT, INSERT, UPDATE ON app.payment_actions TO consulta_worker;
CREATE POLICY worker_reads ON app.payment_actions FOR SELECT TO consulta_worker USING (true);
CREATE POLICY worker_adds ON app.payment_actions FOR INSERT TO consulta_worker WITH CHECK (true);
CREATE POLICY worker_changes ON app.payment_actions FOR UPDATE TO consulta_worker USING (true) WITH CHECK (true);

CREATE TRIGGER touch BEFORE UPDATE ON app.payment_actions
    FOR EACH ROW EXECUTE FUNCTION app.touch();
