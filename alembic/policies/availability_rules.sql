-- availability_rules: active ones public with their specialist; the owner writes.
ALTER TABLE app.availability_rules ENABLE ROW LEVEL SECURITY;
ALTER TABLE app.availability_rules FORCE ROW LEVEL SECURITY;

-- An admin without a name sees nothing and leaves nothing.
CREATE POLICY belt ON app.availability_rules AS RESTRICTIVE FOR ALL TO consulta_admin
    USING ((SELECT app.user_id()) IS NOT NULL) WITH CHECK ((SELECT app.user_id()) IS NOT NULL);

GRANT SELECT ON app.availability_rules TO consulta_anonymous, consulta_user;
CREATE POLICY anyone_reads ON app.availability_rules FOR SELECT TO consulta_anonymous USING (
    is_active AND EXISTS (SELECT 1 FROM app.specialists s WHERE s.id = availability_rules.specialist_id));
CREATE POLICY anyone_or_owner_reads ON app.availability_rules FOR SELECT TO consulta_user USING (
    specialist_id = (SELECT app.user_id())
    OR is_active AND EXISTS (SELECT 1 FROM app.specialists s WHERE s.id = availability_rules.specialist_id));
GRANT INSERT (specialist_id, weekday, starts_minute, ends_minute, slot_minutes, buffer_minutes,
    max_bookings_per_day, is_active)
    ON app.availability_rules TO consulta_user;
CREATE POLICY owner_adds ON app.availability_rules FOR INSERT TO consulta_user
    WITH CHECK (specialist_id = (SELECT app.user_id()));
GRANT UPDATE (weekday, starts_minute, ends_minute, slot_minutes, buffer_minutes, max_bookings_per_day,
    is_active) ON app.availability_rules TO consulta_user;
CREATE POLICY owner_changes ON app.availability_rules FOR UPDATE TO consulta_user
    USING (specialist_id = (SELECT app.user_id())) WITH CHECK (specialist_id = (SELECT app.user_id()));
-- A row here is a wish of its owner, nothing hangs on it: it may go.
GRANT DELETE ON app.availability_rules TO consulta_user;
CREATE POLICY owner_removes ON app.availability_rules FOR DELETE TO consulta_user
    USING (specialist_id = (SELECT app.user_id()));

GRANT SELECT, INSERT, UPDATE, DELETE ON app.availability_rules TO consulta_admin;
CREATE POLICY admin_reads ON app.availability_rules FOR SELECT TO consulta_admin USING (true);
CREATE POLICY admin_adds ON app.availability_rules FOR INSERT TO consulta_admin WITH CHECK (true);
CREATE POLICY admin_changes ON app.availability_rules FOR UPDATE TO consulta_admin USING (true) WITH CHECK (true);
CREATE POLICY admin_removes ON app.availability_rules FOR DELETE TO consulta_admin USING (true);
GRANT SELECT ON app.availability_rules TO consulta_worker;
CREATE POLICY worker_reads ON app.availability_rules FOR SELECT TO consulta_worker USING (true);
GRANT SELECT ON app.availability_rules TO consulta_definer;
CREATE POLICY definer_reads ON app.availability_rules FOR SELECT TO consulta_definer USING (true);

CREATE TRIGGER touch BEFORE UPDATE ON app.availability_rules
    FOR EACH ROW EXECUTE FUNCTION app.touch();
