-- receipt_counters: functions count; admins look.
ALTER TABLE app.receipt_counters ENABLE ROW LEVEL SECURITY;
ALTER TABLE app.receipt_counters FORCE ROW LEVEL SECURITY;

-- An admin without a name sees nothing and leaves nothing.
CREATE POLICY belt ON app.receipt_counters AS RESTRICTIVE FOR ALL TO consulta_admin
    USING ((SELECT app.user_id()) IS NOT NULL) WITH CHECK ((SELECT app.user_id()) IS NOT NULL);

GRANT SELECT ON app.receipt_counters TO consulta_admin;
CREATE POLICY admin_reads ON app.receipt_counters FOR SELECT TO consulta_admin USING (true);
GRANT SELECT, INSERT, UPDATE ON app.receipt_counters TO consulta_definer;
CREATE POLICY definer_reads ON app.receipt_counters FOR SELECT TO consulta_definer USING (true);
CREATE POLICY definer_adds ON app.receipt_counters FOR INSERT TO consulta_definer WITH CHECK (true);
CREATE POLICY definer_changes ON app.receipt_counters FOR UPDATE TO consulta_definer
    USING (true) WITH CHECK (true);
