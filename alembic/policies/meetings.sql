-- meetings: both parties see how it stands; the worker makes them.
ALTER TABLE app.meetings ENABLE ROW LEVEL SECURITY;
ALTER TABLE app.meetings FORCE ROW LEVEL SECURITY;

-- No identity, no rows.
CREATE POLICY belt ON app.meetings AS RESTRICTIVE FOR ALL
    TO consulta_user, consulta_admin
    USING ((SELECT app.user_id()) IS NOT NULL) WITH CHECK ((SELECT app.user_id()) IS NOT NULL);

-- The vendor's number of a meeting is half of the way in, and stays with the service.
GRANT SELECT (id, booking_id, specialist_id, client_id, provider, starts_at, ends_at, state,
    last_error, created_at, updated_at) ON app.meetings TO consulta_user;
CREATE POLICY party_reads ON app.meetings FOR SELECT TO consulta_user
    USING (client_id = (SELECT app.user_id()) OR specialist_id = (SELECT app.user_id()));

GRANT SELECT (id, booking_id, specialist_id, client_id, provider, starts_at, ends_at, state,
    last_error, created_at, updated_at) ON app.meetings TO consulta_admin;
CREATE POLICY admin_reads ON app.meetings FOR SELECT TO consulta_admin USING (true);

GRANT SELECT, INSERT, UPDATE ON app.meetings TO consulta_worker;
CREATE POLICY worker_reads ON app.meetings FOR SELECT TO consulta_worker USING (true);
CREATE POLICY worker_adds ON app.meetings FOR INSERT TO consulta_worker WITH CHECK (true);
CREATE POLICY worker_changes ON app.meetings FOR UPDATE TO consulta_worker
    USING (true) WITH CHECK (true);

GRANT SELECT, UPDATE ON app.meetings TO consulta_definer;
CREATE POLICY definer_reads ON app.meetings FOR SELECT TO consulta_definer USING (true);
CREATE POLICY definer_changes ON app.meetings FOR UPDATE TO consulta_definer
    USING (true) WITH CHECK (true);

CREATE TRIGGER touch BEFORE UPDATE ON app.meetings
    FOR EACH ROW EXECUTE FUNCTION app.touch();
