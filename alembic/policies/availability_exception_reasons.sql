-- availability_exception_reasons: the owner and admins only.
ALTER TABLE app.availability_exception_reasons ENABLE ROW LEVEL SECURITY;
ALTER TABLE app.availability_exception_reasons FORCE ROW LEVEL SECURITY;

-- No identity, no rows.
CREATE POLICY belt ON app.availability_exception_reasons AS RESTRICTIVE FOR ALL
    TO consulta_user, consulta_admin
    USING ((SELECT app.user_id()) IS NOT NULL) WITH CHECK ((SELECT app.user_id()) IS NOT NULL);

GRANT SELECT ON app.availability_exception_reasons TO consulta_user;
GRANT INSERT (exception_id, specialist_id, reason, note)
    ON app.availability_exception_reasons TO consulta_user;
GRANT UPDATE (reason, note) ON app.availability_exception_reasons TO consulta_user;
CREATE POLICY owner_reads ON app.availability_exception_reasons FOR SELECT TO consulta_user
    USING (specialist_id = (SELECT app.user_id()));
CREATE POLICY owner_adds ON app.availability_exception_reasons FOR INSERT TO consulta_user
    WITH CHECK (specialist_id = (SELECT app.user_id()));
CREATE POLICY owner_changes ON app.availability_exception_reasons FOR UPDATE TO consulta_user
    USING (specialist_id = (SELECT app.user_id())) WITH CHECK (specialist_id = (SELECT app.user_id()));

GRANT SELECT, INSERT, UPDATE ON app.availability_exception_reasons TO consulta_admin;
CREATE POLICY admin_reads ON app.availability_exception_reasons FOR SELECT TO consulta_admin USING (true);
CREATE POLICY admin_adds ON app.availability_exception_reasons FOR INSERT TO consulta_admin WITH CHECK (true);
CREATE POLICY admin_changes ON app.availability_exception_reasons FOR UPDATE TO consulta_admin USING (true) WITH CHECK (true);
