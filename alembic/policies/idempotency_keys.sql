-- idempotency_keys: reached through functions that compare the caller; the worker settles and purges.
ALTER TABLE app.idempotency_keys ENABLE ROW LEVEL SECURITY;
ALTER TABLE app.idempotency_keys FORCE ROW LEVEL SECURITY;

GRANT SELECT, INSERT, UPDATE, DELETE ON app.idempotency_keys TO consulta_definer;
CREATE POLICY definer_reads ON app.idempotency_keys FOR SELECT TO consulta_definer USING (true);
CREATE POLICY definer_adds ON app.idempotency_keys FOR INSERT TO consulta_definer WITH CHECK (true);
CREATE POLICY definer_changes ON app.idempotency_keys FOR UPDATE TO consulta_definer USING (true) WITH CHECK (true);
CREATE POLICY definer_removes ON app.idempotency_keys FOR DELETE TO consulta_definer USING (true);
GRANT SELECT, UPDATE, DELETE ON app.idempotency_keys TO consulta_worker;
CREATE POLICY worker_reads ON app.idempotency_keys FOR SELECT TO consulta_worker USING (true);
CREATE POLICY worker_changes ON app.idempotency_keys FOR UPDATE TO consulta_worker USING (true) WITH CHECK (true);
CREATE POLICY worker_removes ON app.idempotency_keys FOR DELETE TO consulta_worker USING (true);
