-- consents: a person reads and adds the own ones; nobody changes what was agreed to.
ALTER TABLE app.consents ENABLE ROW LEVEL SECURITY;
ALTER TABLE app.consents FORCE ROW LEVEL SECURITY;

-- No identity, no rows.
CREATE POLICY belt ON app.consents AS RESTRICTIVE FOR ALL
    TO consulta_user, consulta_admin
    USING ((SELECT app.user_id()) IS NOT NULL) WITH CHECK ((SELECT app.user_id()) IS NOT NULL);

GRANT SELECT, INSERT (user_id, purpose, version, granted) ON app.consents TO consulta_user;
CREATE POLICY owner_reads ON app.consents FOR SELECT TO consulta_user
    USING (user_id = (SELECT app.user_id()));
CREATE POLICY owner_adds ON app.consents FOR INSERT TO consulta_user
    WITH CHECK (user_id = (SELECT app.user_id()));

GRANT SELECT ON app.consents TO consulta_admin;
CREATE POLICY admin_reads ON app.consents FOR SELECT TO consulta_admin USING (true);

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON app.consents
    FOR EACH ROW EXECUTE FUNCTION app.refuse_change();
CREATE TRIGGER append_only_whole BEFORE TRUNCATE ON app.consents
    FOR EACH STATEMENT EXECUTE FUNCTION app.refuse_change();
