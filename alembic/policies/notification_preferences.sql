-- notification_preferences: the person's own; the worker reads them before it sends.
ALTER TABLE app.notification_preferences ENABLE ROW LEVEL SECURITY;
ALTER TABLE app.notification_preferences FORCE ROW LEVEL SECURITY;

-- No identity, no rows.
CREATE POLICY belt ON app.notification_preferences AS RESTRICTIVE FOR ALL
    TO consulta_user, consulta_admin
    USING ((SELECT app.user_id()) IS NOT NULL) WITH CHECK ((SELECT app.user_id()) IS NOT NULL);

GRANT SELECT ON app.notification_preferences TO consulta_user, consulta_admin;
GRANT INSERT (user_id, language, bookings, reminders, follow_ups, series, packages)
    ON app.notification_preferences TO consulta_user, consulta_admin;
GRANT UPDATE (language, bookings, reminders, follow_ups, series, packages)
    ON app.notification_preferences TO consulta_user, consulta_admin;
CREATE POLICY owner_reads ON app.notification_preferences FOR SELECT TO consulta_user
    USING (user_id = (SELECT app.user_id()));
CREATE POLICY owner_adds ON app.notification_preferences FOR INSERT TO consulta_user
    WITH CHECK (user_id = (SELECT app.user_id()));
CREATE POLICY owner_changes ON app.notification_preferences FOR UPDATE TO consulta_user
    USING (user_id = (SELECT app.user_id())) WITH CHECK (user_id = (SELECT app.user_id()));

CREATE POLICY admin_reads ON app.notification_preferences FOR SELECT TO consulta_admin
    USING (user_id = (SELECT app.user_id()));
CREATE POLICY admin_adds ON app.notification_preferences FOR INSERT TO consulta_admin
    WITH CHECK (user_id = (SELECT app.user_id()));
CREATE POLICY admin_changes ON app.notification_preferences FOR UPDATE TO consulta_admin
    USING (user_id = (SELECT app.user_id())) WITH CHECK (user_id = (SELECT app.user_id()));

GRANT SELECT ON app.notification_preferences TO consulta_worker;
CREATE POLICY worker_reads ON app.notification_preferences FOR SELECT TO consulta_worker
    USING (true);

CREATE TRIGGER touch BEFORE UPDATE ON app.notification_preferences
    FOR EACH ROW EXECUTE FUNCTION app.touch();
