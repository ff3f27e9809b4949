-- slots: the claims. People reach them through functions only (D3).
ALTER TABLE app.slots ENABLE ROW LEVEL SECURITY;
ALTER TABLE app.slots FORCE ROW LEVEL SECURITY;

-- An admin without a name sees nothing and leaves nothing.
CREATE POLICY belt ON app.slots AS RESTRICTIVE FOR ALL TO consulta_admin
    USING ((SELECT app.user_id()) IS NOT NULL) WITH CHECK ((SELECT app.user_id()) IS NOT NULL);

GRANT SELECT, INSERT, UPDATE ON app.slots TO consulta_definer;
CREATE POLICY definer_reads ON app.slots FOR SELECT TO consulta_definer USING (true);
CREATE POLICY definer_adds ON app.slots FOR INSERT TO consulta_definer WITH CHECK (true);
CREATE POLICY definer_changes ON app.slots FOR UPDATE TO consulta_definer USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, UPDATE ON app.slots TO consulta_worker;
CREATE POLICY worker_reads ON app.slots FOR SELECT TO consulta_worker USING (true);
CREATE POLICY worker_adds ON app.slots FOR INSERT TO consulta_worker WITH CHECK (true);
CREATE POLICY worker_changes ON app.slots FOR UPDATE TO consulta_worker USING (true) WITH CHECK (true);
GRANT SELECT ON app.slots TO consulta_admin;
CREATE POLICY admin_reads ON app.slots FOR SELECT TO consulta_admin USING (true);

CREATE TRIGGER touch BEFORE UPDATE ON app.slots
    FOR EACH ROW EXECUTE FUNCTION app.touch();
