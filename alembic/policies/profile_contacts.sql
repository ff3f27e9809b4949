-- profile_contacts: the owner and admins only.
ALTER TABLE app.profile_contacts ENABLE ROW LEVEL SECURITY;
ALTER TABLE app.profile_contacts FORCE ROW LEVEL SECURITY;

-- No identity, no rows.
CREATE POLICY belt ON app.profile_contacts AS RESTRICTIVE FOR ALL
    TO consulta_user, consulta_admin
    USING ((SELECT app.user_id()) IS NOT NULL) WITH CHECK ((SELECT app.user_id()) IS NOT NULL);

GRANT SELECT ON app.profile_contacts TO consulta_user;
GRANT INSERT (user_id, phone)
    ON app.profile_contacts TO consulta_user;
GRANT UPDATE (phone) ON app.profile_contacts TO consulta_user;
CREATE POLICY owner_reads ON app.profile_contacts FOR SELECT TO consulta_user
    USING (user_id = (SELECT app.user_id()));
CREATE POLICY owner_adds ON app.profile_contacts FOR INSERT TO consulta_user
    WITH CHECK (user_id = (SELECT app.user_id()));
CREATE POLICY owner_changes ON app.profile_contacts FOR UPDATE TO consulta_user
    USING (user_id = (SELECT app.user_id())) WITH CHECK (user_id = (SELECT app.user_id()));

GRANT SELECT, INSERT, UPDATE ON app.profile_contacts TO consulta_admin;
CREATE POLICY admin_reads ON app.profile_contacts FOR SELECT TO consulta_admin USING (true);
CREATE POLICY admin_adds ON app.profile_contacts FOR INSERT TO consulta_admin WITH CHECK (true);
CREATE POLICY admin_changes ON app.profile_contacts FOR UPDATE TO consulta_admin USING (true) WITH CHECK (true);

CREATE TRIGGER touch BEFORE UPDATE ON app.profile_contacts
    FOR EACH ROW EXECUTE FUNCTION app.touch();
