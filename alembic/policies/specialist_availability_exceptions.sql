-- specialist_availability_exceptions: public with their specialist (the reason lives elsewhere).
ALTER TABLE app.specialist_availability_exceptions ENABLE ROW LEVEL SECURITY;
ALTER TABLE app.specialist_availability_exceptions FORCE ROW LEVEL SECURITY;

-- An admin without a name sees nothing and leaves nothing.
CREATE POLICY belt ON app.specialist_availability_exceptions AS RESTRICTIVE FOR ALL TO consulta_admin
    USING ((SELECT app.user_id()) IS NOT NULL) WITH CHECK ((SELECT app.user_id()) IS NOT NULL);

GRANT SELECT ON app.specialist_availability_exceptions TO consulta_anonymous, consulta_user;
CREATE POLICY anyone_reads ON app.specialist_availability_exceptions FOR SELECT TO consulta_anonymous USING (
    EXISTS (SELECT 1 FROM app.specialists s WHERE s.id = specialist_availability_exceptions.specialist_id));
CREATE POLICY anyone_or_owner_reads ON app.specialist_availability_exceptions FOR SELECT TO consulta_user USING (
    specialist_id = (SELECT app.user_id())
    OR EXISTS (SELECT 1 FROM app.specialists s WHERE s.id = specialist_availability_exceptions.specialist_id));
GRANT INSERT (specialist_id, exception_date, is_available, starts_minute, ends_minute, range_id)
    ON app.specialist_availability_exceptions TO consulta_user;
CREATE POLICY owner_adds ON app.specialist_availability_exceptions FOR INSERT TO consulta_user
    WITH CHECK (specialist_id = (SELECT app.user_id()));
GRANT UPDATE (exception_date, is_available, starts_minute, ends_minute) ON app.specialist_availability_exceptions TO consulta_user;
CREATE POLICY owner_changes ON app.specialist_availability_exceptions FOR UPDATE TO consulta_user
    USING (specialist_id = (SELECT app.user_id())) WITH CHECK (specialist_id = (SELECT app.user_id()));
-- A row here is a wish of its owner, nothing hangs on it: it may go.
GRANT DELETE ON app.specialist_availability_exceptions TO consulta_user;
CREATE POLICY owner_removes ON app.specialist_availability_exceptions FOR DELETE TO consulta_user
    USING (specialist_id = (SELECT app.user_id()));

GRANT SELECT, INSERT, UPDATE, DELETE ON app.specialist_availability_exceptions TO consulta_admin;
CREATE POLICY admin_reads ON app.specialist_availability_exceptions FOR SELECT TO consulta_admin USING (true);
CREATE POLICY admin_adds ON app.specialist_availability_exceptions FOR INSERT TO consulta_admin WITH CHECK (true);
CREATE POLICY admin_changes ON app.specialist_availability_exceptions FOR UPDATE TO consulta_admin USING (true) WITH CHECK (true);
CREATE POLICY admin_removes ON app.specialist_availability_exceptions FOR DELETE TO consulta_admin USING (true);
GRANT SELECT ON app.specialist_availability_exceptions TO consulta_worker;
CREATE POLICY worker_reads ON app.specialist_availability_exceptions FOR SELECT TO consulta_worker USING (true);
GRANT SELECT ON app.specialist_availability_exceptions TO consulta_definer;
CREATE POLICY definer_reads ON app.specialist_availability_exceptions FOR SELECT TO consulta_definer USING (true);

CREATE TRIGGER touch BEFORE UPDATE ON app.specialist_availability_exceptions
    FOR EACH ROW EXECUTE FUNCTION app.touch();
