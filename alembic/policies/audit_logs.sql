-- audit_logs: everybody adds entries about themselves and reads those, admins read all, nobody
-- changes.
ALTER TABLE app.audit_logs ENABLE ROW LEVEL SECURITY;
ALTER TABLE app.audit_logs FORCE ROW LEVEL SECURITY;

-- Whoever is without a name sees nothing and leaves nothing.
CREATE POLICY belt ON app.audit_logs AS RESTRICTIVE FOR ALL TO consulta_user, consulta_admin
    USING ((SELECT app.user_id()) IS NOT NULL) WITH CHECK ((SELECT app.user_id()) IS NOT NULL);

GRANT INSERT (actor_id, actor, action, subject_type, subject_id, old_values, new_values, status,
    request_id) ON app.audit_logs TO consulta_anonymous, consulta_user;
CREATE POLICY anonymous_adds ON app.audit_logs FOR INSERT TO consulta_anonymous
    WITH CHECK (actor_id IS NULL AND actor = 'anonymous');
CREATE POLICY person_adds_own ON app.audit_logs FOR INSERT TO consulta_user
    WITH CHECK (actor_id = (SELECT app.user_id()) AND actor IN ('client', 'specialist'));
-- Everybody may know what the log says of the own acts.
GRANT SELECT ON app.audit_logs TO consulta_user;
CREATE POLICY person_reads_own ON app.audit_logs FOR SELECT TO consulta_user
    USING (actor_id = (SELECT app.user_id()));

GRANT SELECT, INSERT ON app.audit_logs TO consulta_admin;
CREATE POLICY admin_reads ON app.audit_logs FOR SELECT TO consulta_admin USING (true);
CREATE POLICY admin_adds ON app.audit_logs FOR INSERT TO consulta_admin WITH CHECK (true);
GRANT SELECT, INSERT ON app.audit_logs TO consulta_worker;
CREATE POLICY worker_reads ON app.audit_logs FOR SELECT TO consulta_worker USING (true);
CREATE POLICY worker_adds ON app.audit_logs FOR INSERT TO consulta_worker WITH CHECK (true);
GRANT SELECT, INSERT ON app.audit_logs TO consulta_definer;
CREATE POLICY definer_reads ON app.audit_logs FOR SELECT TO consulta_definer USING (true);
CREATE POLICY definer_adds ON app.audit_logs FOR INSERT TO consulta_definer WITH CHECK (true);

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON app.audit_logs
    FOR EACH ROW EXECUTE FUNCTION app.refuse_change();
CREATE TRIGGER append_only_whole BEFORE TRUNCATE ON app.audit_logs
    FOR EACH STATEMENT EXECUTE FUNCTION app.refuse_change();
