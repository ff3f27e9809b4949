-- booking_reschedules: both parties read; the function that moves adds; nobody changes.
ALTER TABLE app.booking_reschedules ENABLE ROW LEVEL SECURITY;
ALTER TABLE app.booking_reschedules FORCE ROW LEVEL SECURITY;

-- No identity, no rows.
CREATE POLICY belt ON app.booking_reschedules AS RESTRICTIVE FOR ALL
    TO consulta_user, consulta_admin
    USING ((SELECT app.user_id()) IS NOT NULL) WITH CHECK ((SELECT app.user_id()) IS NOT NULL);

GRANT SELECT ON app.booking_reschedules TO consulta_user;
CREATE POLICY party_reads ON app.booking_reschedules FOR SELECT TO consulta_user
    USING (client_id = (SELECT app.user_id()) OR specialist_id = (SELECT app.user_id()));

GRANT SELECT ON app.booking_reschedules TO consulta_admin;
CREATE POLICY admin_reads ON app.booking_reschedules FOR SELECT TO consulta_admin USING (true);
GRANT SELECT ON app.booking_reschedules TO consulta_worker;
CREATE POLICY worker_reads ON app.booking_reschedules FOR SELECT TO consulta_worker USING (true);
GRANT SELECT, INSERT ON app.booking_reschedules TO consulta_definer;
CREATE POLICY definer_reads ON app.booking_reschedules FOR SELECT TO consulta_definer USING (true);
CREATE POLICY definer_adds ON app.booking_reschedules FOR INSERT TO consulta_definer
    WITH CHECK (true);

-- Words alone, and only to take them out: erasure.
GRANT UPDATE (reason) ON app.booking_reschedules TO consulta_definer;
CREATE POLICY definer_forgets ON app.booking_reschedules FOR UPDATE TO consulta_definer
    USING (true) WITH CHECK (true);

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON app.booking_reschedules
    FOR EACH ROW EXECUTE FUNCTION app.keep_all_but_words();
