-- users: a person reads the own account; admins read all and change role and state.
ALTER TABLE app.users ENABLE ROW LEVEL SECURITY;
ALTER TABLE app.users FORCE ROW LEVEL SECURITY;

-- No identity, no rows.
CREATE POLICY belt ON app.users AS RESTRICTIVE FOR ALL
    TO consulta_user, consulta_admin
    USING ((SELECT app.user_id()) IS NOT NULL) WITH CHECK ((SELECT app.user_id()) IS NOT NULL);

GRANT SELECT ON app.users TO consulta_user;
CREATE POLICY owner_reads ON app.users FOR SELECT TO consulta_user USING (id = (SELECT app.user_id()));

GRANT SELECT ON app.users TO consulta_admin;
GRANT UPDATE (role, is_active) ON app.users TO consulta_admin;
CREATE POLICY admin_reads ON app.users FOR SELECT TO consulta_admin USING (true);
CREATE POLICY admin_changes ON app.users FOR UPDATE TO consulta_admin
    USING (true) WITH CHECK (true);

GRANT SELECT ON app.users TO consulta_worker;
CREATE POLICY worker_reads ON app.users FOR SELECT TO consulta_worker USING (true);

-- Registration, sign-in and identity are definer functions.
GRANT SELECT, INSERT, UPDATE ON app.users TO consulta_definer;
CREATE POLICY definer_reads ON app.users FOR SELECT TO consulta_definer USING (true);
CREATE POLICY definer_adds ON app.users FOR INSERT TO consulta_definer WITH CHECK (true);
CREATE POLICY definer_changes ON app.users FOR UPDATE TO consulta_definer USING (true) WITH CHECK (true);

CREATE TRIGGER touch BEFORE UPDATE ON app.users
    FOR EACH ROW EXECUTE FUNCTION app.touch();
