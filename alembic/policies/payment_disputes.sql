-- payment_disputes: both parties read; the worker writes, functions look.
ALTER TABLE app.payment_disputes ENABLE ROW LEVEL SECURITY;
ALTER TABLE app.payment_disputes FORCE ROW LEVEL SECURITY;

-- No identity, no rows.
CREATE POLICY belt ON app.payment_disputes AS RESTRICTIVE FOR ALL
    TO consulta_user, consulta_admin
    USING ((SELECT app.user_id()) IS NOT NULL) WITH CHECK ((SELECT app.user_id()) IS NOT NULL);

GRANT SELECT ON app.payment_disputes TO consulta_user;
CREATE POLICY party_reads ON app.payment_disputes FOR SELECT TO consulta_user
    USING (client_id = (SELECT app.user_id()) OR specialist_id = (SELECT app.user_id()));

GRANT SELECT ON app.payment_disputes TO consulta_admin;
CREATE POLICY admin_reads ON app.payment_disputes FOR SELECT TO consulta_admin USING (true);
GRANT SELECT, INSERT, UPDATE ON app.payment_disputes TO consulta_worker;
CREATE POLICY worker_reads ON app.payment_disputes FOR SELECT TO consulta_worker USING (true);
CREATE POLICY worker_adds ON app.payment_disputes FOR INSERT TO consulta_worker WITH CHECK (true);
CREATE POLICY worker_changes ON app.payment_disputes FOR UPDATE TO consulta_worker
    USING (true) WITH CHECK (true);
GRANT SELECT ON app.payment_disputes TO consulta_definer;
CREATE POLICY definer_reads ON app.payment_disputes FOR SELECT TO consulta_definer USING (true);

CREATE TRIGGER touch BEFORE UPDATE ON app.payment_disputes
    FOR EACH ROW EXECUTE FUNCTION app.touch();
