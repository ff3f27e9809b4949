-- calendars: the lock of each calendar. People reach it through functions only (D3).
ALTER TABLE app.calendars ENABLE ROW LEVEL SECURITY;
ALTER TABLE app.calendars FORCE ROW LEVEL SECURITY;

-- An admin without a name sees nothing and leaves nothing.
CREATE POLICY belt ON app.calendars AS RESTRICTIVE FOR ALL TO consulta_admin
    USING ((SELECT app.user_id()) IS NOT NULL) WITH CHECK ((SELECT app.user_id()) IS NOT NULL);

GRANT SELECT, INSERT, UPDATE ON app.calendars TO consulta_definer;
CREATE POLICY definer_reads ON app.calendars FOR SELECT TO consulta_definer USING (true);
CREATE POLICY definer_adds ON app.calendars FOR INSERT TO consulta_definer WITH CHECK (true);
CREATE POLICY definer_changes ON app.calendars FOR UPDATE TO consulta_definer USING (true) WITH CHECK (true);
GRANT SELECT, UPDATE ON app.calendars TO consulta_worker;
CREATE POLICY worker_reads ON app.calendars FOR SELECT TO consulta_worker USING (true);
CREATE POLICY worker_changes ON app.calendars FOR UPDATE TO consulta_worker USING (true) WITH CHECK (true);
GRANT SELECT ON app.calendars TO consulta_admin;
CREATE POLICY admin_reads ON app.calendars FOR SELECT TO consulta_admin USING (true);
