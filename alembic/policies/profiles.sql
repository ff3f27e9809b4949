-- profiles: the owner writes; a specialist reads those of clients; admins read and mend.
ALTER TABLE app.profiles ENABLE ROW LEVEL SECURITY;
ALTER TABLE app.profiles FORCE ROW LEVEL SECURITY;

-- No identity, no rows.
CREATE POLICY belt ON app.profiles AS RESTRICTIVE FOR ALL
    TO consulta_user, consulta_admin
    USING ((SELECT app.user_id()) IS NOT NULL) WITH CHECK ((SELECT app.user_id()) IS NOT NULL);

GRANT SELECT ON app.profiles TO consulta_user;
GRANT INSERT (user_id, full_name, time_zone, locale, photo_url)
    ON app.profiles TO consulta_user;
GRANT UPDATE (full_name, time_zone, locale, photo_url) ON app.profiles TO consulta_user;
CREATE POLICY owner_or_specialist_reads ON app.profiles FOR SELECT TO consulta_user USING (
    user_id = (SELECT app.user_id())
    OR EXISTS (SELECT 1 FROM app.bookings b
               WHERE b.client_id = profiles.user_id AND b.specialist_id = (SELECT app.user_id()))
    OR EXISTS (SELECT 1 FROM app.recurring_bookings r
               WHERE r.client_id = profiles.user_id AND r.specialist_id = (SELECT app.user_id()))
    OR EXISTS (SELECT 1 FROM app.package_purchases p
               WHERE p.client_id = profiles.user_id AND p.specialist_id = (SELECT app.user_id())));
CREATE POLICY owner_adds ON app.profiles FOR INSERT TO consulta_user
    WITH CHECK (user_id = (SELECT app.user_id()));
CREATE POLICY owner_changes ON app.profiles FOR UPDATE TO consulta_user
    USING (user_id = (SELECT app.user_id())) WITH CHECK (user_id = (SELECT app.user_id()));

GRANT SELECT, INSERT, UPDATE ON app.profiles TO consulta_admin;
CREATE POLICY admin_reads ON app.profiles FOR SELECT TO consulta_admin USING (true);
CREATE POLICY admin_adds ON app.profiles FOR INSERT TO consulta_admin WITH CHECK (true);
CREATE POLICY admin_changes ON app.profiles FOR UPDATE TO consulta_admin USING (true) WITH CHECK (true);
GRANT SELECT ON app.profiles TO consulta_worker;
CREATE POLICY worker_reads ON app.profiles FOR SELECT TO consulta_worker USING (true);
GRANT SELECT, INSERT ON app.profiles TO consulta_definer;
CREATE POLICY definer_reads ON app.profiles FOR SELECT TO consulta_definer USING (true);
CREATE POLICY definer_adds ON app.profiles FOR INSERT TO consulta_definer WITH CHECK (true);

CREATE TRIGGER touch BEFORE UPDATE ON app.profiles
    FOR EACH ROW EXECUTE FUNCTION app.touch();
