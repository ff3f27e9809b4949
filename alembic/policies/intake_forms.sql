-- intake_forms: active ones public with their specialist; the owner writes; none is ever deleted.
ALTER TABLE app.intake_forms ENABLE ROW LEVEL SECURITY;
ALTER TABLE app.intake_forms FORCE ROW LEVEL SECURITY;

-- An admin without a name sees nothing.
CREATE POLICY belt ON app.intake_forms AS RESTRICTIVE FOR ALL TO consulta_admin
    USING ((SELECT app.user_id()) IS NOT NULL) WITH CHECK ((SELECT app.user_id()) IS NOT NULL);

GRANT SELECT ON app.intake_forms TO consulta_anonymous, consulta_user;
CREATE POLICY anyone_reads ON app.intake_forms FOR SELECT TO consulta_anonymous USING (
    is_active AND EXISTS (SELECT 1 FROM app.specialists s WHERE s.id = intake_forms.specialist_id));
CREATE POLICY anyone_or_owner_reads ON app.intake_forms FOR SELECT TO consulta_user USING (
    specialist_id = (SELECT app.user_id())
    OR is_active AND EXISTS (SELECT 1 FROM app.specialists s WHERE s.id = intake_forms.specialist_id));
-- Questions never change: a new version takes their place.
GRANT INSERT (specialist_id, rate_id, version, title, questions, is_active), UPDATE (is_active)
    ON app.intake_forms TO consulta_user;
CREATE POLICY owner_adds ON app.intake_forms FOR INSERT TO consulta_user
    WITH CHECK (specialist_id = (SELECT app.user_id()));
CREATE POLICY owner_changes ON app.intake_forms FOR UPDATE TO consulta_user
    USING (specialist_id = (SELECT app.user_id())) WITH CHECK (specialist_id = (SELECT app.user_id()));

GRANT SELECT ON app.intake_forms TO consulta_admin;
CREATE POLICY admin_reads ON app.intake_forms FOR SELECT TO consulta_admin USING (true);
GRANT SELECT ON app.intake_forms TO consulta_worker;
CREATE POLICY worker_reads ON app.intake_forms FOR SELECT TO consulta_worker USING (true);
GRANT SELECT ON app.intake_forms TO consulta_definer;
CREATE POLICY definer_reads ON app.intake_forms FOR SELECT TO consulta_definer USING (true);

CREATE TRIGGER touch BEFORE UPDATE ON app.intake_forms
    FOR EACH ROW EXECUTE FUNCTION app.touch();
