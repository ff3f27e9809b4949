-- specialist_contacts: the owner and admins only.
ALTER TABLE app.specialist_contacts ENABLE ROW LEVEL SECURITY;
ALTER TABLE app.specialist_contacts FORCE ROW LEVEL SECURITY;

-- No identity, no rows.
CREATE POLICY belt ON app.specialist_contacts AS RESTRICTIVE FOR ALL
    TO consulta_user, consulta_admin
    USING ((SELECT app.user_id()) IS NOT NULL) WITH CHECK ((SELECT app.user_id()) IS NOT NULL);

GRANT SELECT ON app.specialist_contacts TO consulta_user;
GRANT INSERT (specialist_id, email, phone, verification_documents)
    ON app.specialist_contacts TO consulta_user;
GRANT UPDATE (email, phone, verification_documents) ON app.specialist_contacts TO consulta_user;
CREATE POLICY owner_reads ON app.specialist_contacts FOR SELECT TO consulta_user
    USING (specialist_id = (SELECT app.user_id()));
CREATE POLICY owner_adds ON app.specialist_contacts FOR INSERT TO consulta_user
    WITH CHECK (specialist_id = (SELECT app.user_id()));
CREATE POLICY owner_changes ON app.specialist_contacts FOR UPDATE TO consulta_user
    USING (specialist_id = (SELECT app.user_id())) WITH CHECK (specialist_id = (SELECT app.user_id()));

GRANT SELECT, INSERT, UPDATE ON app.specialist_contacts TO consulta_admin;
CREATE POLICY admin_reads ON app.specialist_contacts FOR SELECT TO consulta_admin USING (true);
CREATE POLICY admin_adds ON app.specialist_contacts FOR INSERT TO consulta_admin WITH CHECK (true);
CREATE POLICY admin_changes ON app.specialist_contacts FOR UPDATE TO consulta_admin USING (true) WITH CHECK (true);

CREATE TRIGGER touch BEFORE UPDATE ON app.specialist_contacts
    FOR EACH ROW EXECUTE FUNCTION app.touch();
