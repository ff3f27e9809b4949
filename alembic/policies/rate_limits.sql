-- rate_limits: counters behind one function; the worker sweeps.
ALTER TABLE app.rate_limits ENABLE ROW LEVEL SECURITY;
ALTER TABLE app.rate_limits FORCE ROW LEVEL SECURITY;

GRANT SELECT, INSERT, UPDATE ON app.rate_limits TO consulta_definer;
CREATE POLICY definer_reads ON app.rate_limits FOR SELECT TO consulta_definer USING (true);
CREATE POLICY definer_adds ON app.rate_limits FOR INSERT TO consulta_definer WITH CHECK (true);
CREATE POLICY definer_changes ON app.rate_limits FOR UPDATE TO consulta_definer USING (true) WITH CHECK (true);
GRANT SELECT, DELETE ON app.rate_limits TO consulta_worker;
CREATE POLICY worker_reads ON app.rate_limits FOR SELECT TO consulta_worker USING (true);
CREATE POLICY worker_removes ON app.rate_limits FOR DELETE TO consulta_worker USING (true);
