-- recurring_bookings: both parties read; people write through functions alone.
ALTER TABLE app.recurring_bookings ENABLE ROW LEVEL SECURITY;
ALTER TABLE app.recurring_bookings FORCE ROW LEVEL SECURITY;

-- No identity, no rows.
CREATE POLICY belt ON app.recurring_bookings AS RESTRICTIVE FOR ALL
    TO consulta_user, consulta_admin
    USING ((SELECT app.user_id()) IS NOT NULL) WITH CHECK ((SELECT app.user_id()) IS NOT NULL);

GRANT SELECT ON app.recurring_bookings TO consulta_user;
CREATE POLICY party_reads ON app.recurring_bookings FOR SELECT TO consulta_user
    USING (client_id = (SELECT app.user_id()) OR specialist_id = (SELECT app.user_id()));

GRANT SELECT, UPDATE ON app.recurring_bookings TO consulta_admin;
CREATE POLICY admin_reads ON app.recurring_bookings FOR SELECT TO consulta_admin USING (true);
CREATE POLICY admin_changes ON app.recurring_bookings FOR UPDATE TO consulta_admin
    USING (true) WITH CHECK (true);
GRANT SELECT, UPDATE ON app.recurring_bookings TO consulta_worker;
CREATE POLICY worker_reads ON app.recurring_bookings FOR SELECT TO consulta_worker USING (true);
CREATE POLICY worker_changes ON app.recurring_bookings FOR UPDATE TO consulta_worker
    USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, UPDATE ON app.recurring_bookings TO consulta_definer;
CREATE POLICY definer_reads ON app.recurring_bookings FOR SELECT TO consulta_definer USING (true);
CREATE POLICY definer_adds ON app.recurring_bookings FOR INSERT TO consulta_definer
    WITH CHECK (true);
CREATE POLICY definer_changes ON app.recurring_bookings FOR UPDATE TO consulta_definer
    USING (true) WITH CHECK (true);

CREATE TRIGGER touch BEFORE UPDATE ON app.recurring_bookings
    FOR EACH ROW EXECUTE FUNCTION app.touch();

-- Nothing begins with somebody who was erased meanwhile.
CREATE TRIGGER parties_are_there AFTER INSERT ON app.recurring_bookings
    REFERENCING NEW TABLE AS made
    FOR EACH STATEMENT EXECUTE FUNCTION app.parties_are_there();
