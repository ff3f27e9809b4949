-- recurring_booking_occurrences: both parties read; the dispatch adds; nobody changes.
ALTER TABLE app.recurring_booking_occurrences ENABLE ROW LEVEL SECURITY;
ALTER TABLE app.recurring_booking_occurrences FORCE ROW LEVEL SECURITY;

-- No identity, no rows.
CREATE POLICY belt ON app.recurring_booking_occurrences AS RESTRICTIVE FOR ALL
    TO consulta_user, consulta_admin
    USING ((SELECT app.user_id()) IS NOT NULL) WITH CHECK ((SELECT app.user_id()) IS NOT NULL);

GRANT SELECT ON app.recurring_booking_occurrences TO consulta_user;
CREATE POLICY party_reads ON app.recurring_booking_occurrences FOR SELECT TO consulta_user
    USING (client_id = (SELECT app.user_id()) OR specialist_id = (SELECT app.user_id()));

GRANT SELECT ON app.recurring_booking_occurrences TO consulta_admin;
CREATE POLICY admin_reads ON app.recurring_booking_occurrences FOR SELECT TO consulta_admin
    USING (true);
GRANT SELECT, INSERT ON app.recurring_booking_occurrences TO consulta_worker;
CREATE POLICY worker_reads ON app.recurring_booking_occurrences FOR SELECT TO consulta_worker
    USING (true);
CREATE POLICY worker_adds ON app.recurring_booking_occurrences FOR INSERT TO consulta_worker
    WITH CHECK (true);
GRANT SELECT, INSERT ON app.recurring_booking_occurrences TO consulta_definer;
CREATE POLICY definer_reads ON app.recurring_booking_occurrences FOR SELECT TO consulta_definer
    USING (true);
CREATE POLICY definer_adds ON app.recurring_booking_occurrences FOR INSERT TO consulta_definer
    WITH CHECK (true);

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON app.recurring_booking_occurrences
    FOR EACH ROW EXECUTE FUNCTION app.refuse_change();
