-- booking_packages: active ones public with their specialist; the owner writes; none is ever deleted.
ALTER TABLE app.booking_packages ENABLE ROW LEVEL SECURITY;
ALTER TABLE app.booking_packages FORCE ROW LEVEL SECURITY;

-- An admin without a name sees nothing and leaves nothing.
CREATE POLICY belt ON app.booking_packages AS RESTRICTIVE FOR ALL TO consulta_admin
    USING ((SELECT app.user_id()) IS NOT NULL) WITH CHECK ((SELECT app.user_id()) IS NOT NULL);

GRANT SELECT ON app.booking_packages TO consulta_anonymous, consulta_user;
CREATE POLICY anyone_reads ON app.booking_packages FOR SELECT TO consulta_anonymous USING (
    is_active AND EXISTS (SELECT 1 FROM app.specialists s WHERE s.id = booking_packages.specialist_id));
CREATE POLICY anyone_or_owner_reads ON app.booking_packages FOR SELECT TO consulta_user USING (
    specialist_id = (SELECT app.user_id())
    OR is_active AND EXISTS (SELECT 1 FROM app.specialists s WHERE s.id = booking_packages.specialist_id));
GRANT INSERT (specialist_id, rate_id, name, description, session_count, price_minor, currency,
    discount_percentage, valid_for_days, is_active)
    ON app.booking_packages TO consulta_user;
CREATE POLICY owner_adds ON app.booking_packages FOR INSERT TO consulta_user
    WITH CHECK (specialist_id = (SELECT app.user_id()));
GRANT UPDATE (rate_id, name, description, session_count, price_minor, currency,
    discount_percentage, valid_for_days, is_active)
    ON app.booking_packages TO consulta_user;
CREATE POLICY owner_changes ON app.booking_packages FOR UPDATE TO consulta_user
    USING (specialist_id = (SELECT app.user_id())) WITH CHECK (specialist_id = (SELECT app.user_id()));

GRANT SELECT, INSERT, UPDATE ON app.booking_packages TO consulta_admin;
CREATE POLICY admin_reads ON app.booking_packages FOR SELECT TO consulta_admin USING (true);
CREATE POLICY admin_adds ON app.booking_packages FOR INSERT TO consulta_admin WITH CHECK (true);
CREATE POLICY admin_changes ON app.booking_packages FOR UPDATE TO consulta_admin
    USING (true) WITH CHECK (true);
GRANT SELECT ON app.booking_packages TO consulta_worker;
CREATE POLICY worker_reads ON app.booking_packages FOR SELECT TO consulta_worker USING (true);
GRANT SELECT ON app.booking_packages TO consulta_definer;
CREATE POLICY definer_reads ON app.booking_packages FOR SELECT TO consulta_definer USING (true);

CREATE TRIGGER touch BEFORE UPDATE ON app.booking_packages
    FOR EACH ROW EXECUTE FUNCTION app.touch();
