-- user_sessions: the sign-in functions; the worker purges what has lapsed.
ALTER TABLE app.user_sessions ENABLE ROW LEVEL SECURITY;
ALTER TABLE app.user_sessions FORCE ROW LEVEL SECURITY;

GRANT SELECT, INSERT, UPDATE ON app.user_sessions TO consulta_definer;
CREATE POLICY definer_reads ON app.user_sessions FOR SELECT TO consulta_definer USING (true);
CREATE POLICY definer_adds ON app.user_sessions FOR INSERT TO consulta_definer WITH CHECK (true);
CREATE POLICY definer_changes ON app.user_sessions FOR UPDATE TO consulta_definer USING (true) WITH CHECK (true);

GRANT SELECT, DELETE ON app.user_sessions TO consulta_worker;
CREATE POLICY worker_reads ON app.user_sessions FOR SELECT TO consulta_worker USING (true);
CREATE POLICY worker_removes ON app.user_sessions FOR DELETE TO consulta_worker USING (true);

CREATE TRIGGER touch BEFORE UPDATE ON app.user_sessions
    FOR EACH ROW EXECUTE FUNCTION app.touch();
