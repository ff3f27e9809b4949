-- booking_proposals: both parties read; functions write.
ALTER TABLE app.booking_proposals ENABLE ROW LEVEL SECURITY;
ALTER TABLE app.booking_proposals FORCE ROW LEVEL SECURITY;

-- No identity, no rows.
CREATE POLICY belt ON app.booking_proposals AS RESTRICTIVE FOR ALL
    TO consulta_user, consulta_admin
    USING ((SELECT app.user_id()) IS NOT NULL) WITH CHECK ((SELECT app.user_id()) IS NOT NULL);

GRANT SELECT ON app.booking_proposals TO consulta_user;
CREATE POLICY party_reads ON app.booking_proposals FOR SELECT TO consulta_user
    USING (client_id = (SELECT app.user_id()) OR specialist_id = (SELECT app.user_id()));

GRANT SELECT ON app.booking_proposals TO consulta_admin;
CREATE POLICY admin_reads ON app.booking_proposals FOR SELECT TO consulta_admin USING (true);
GRANT SELECT ON app.booking_proposals TO consulta_worker;
CREATE POLICY worker_reads ON app.booking_proposals FOR SELECT TO consulta_worker USING (true);
GRANT SELECT, INSERT, UPDATE ON app.booking_proposals TO consulta_definer;
CREATE POLICY definer_reads ON app.booking_proposals FOR SELECT TO consulta_definer USING (true);
CREATE POLICY definer_adds ON app.booking_proposals FOR INSERT TO consulta_definer
    WITH CHECK (true);
CREATE POLICY definer_changes ON app.booking_proposals FOR UPDATE TO consulta_definer
    USING (true) WITH CHECK (true);

CREATE TRIGGER touch BEFORE UPDATE ON app.booking_proposals
    FOR EACH ROW EXECUTE FUNCTION app.touch();
