-- sandbox_charges: the sandbox provider, which works as the worker.
ALTER TABLE app.sandbox_charges ENABLE ROW LEVEL SECURITY;
ALTER TABLE app.sandbox_charges FORCE ROW LEVEL SECURITY;

GRANT SELECT, INSERT, UPDATE ON app.sandbox_charges TO consulta_worker;
CREATE POLICY worker_reads ON app.sandbox_charges FOR SELECT TO consulta_worker USING (true);
CREATE POLICY worker_adds ON app.sandbox_charges FOR INSERT TO consulta_worker WITH CHECK (true);
CREATE POLICY worker_changes ON app.sandbox_charges FOR UPDATE TO consulta_worker USING (true) WITH CHECK (true);

CREATE TRIGGER touch BEFORE UPDATE ON app.sandbox_charges
    FOR EACH ROW EXECUTE FUNCTION app.touch();
