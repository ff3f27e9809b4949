-- webhook_endpoint_secrets: the worker alone reads; people write through functions.
ALTER TABLE app.webhook_endpoint_secrets ENABLE ROW LEVEL SECURITY;
ALTER TABLE app.webhook_endpoint_secrets FORCE ROW LEVEL SECURITY;

-- Rotation of keys wraps anew; what has lapsed is swept.
GRANT SELECT, UPDATE (key_id, wrapped_key), DELETE
    ON app.webhook_endpoint_secrets TO consulta_worker;
CREATE POLICY worker_reads ON app.webhook_endpoint_secrets FOR SELECT TO consulta_worker
    USING (true);
CREATE POLICY worker_changes ON app.webhook_endpoint_secrets FOR UPDATE TO consulta_worker
    USING (true) WITH CHECK (true);
CREATE POLICY worker_removes ON app.webhook_endpoint_secrets FOR DELETE TO consulta_worker
    USING (true);

-- The definer ends a secret, and reads none.
GRANT SELECT (id, endpoint_id, valid_until), INSERT, UPDATE (key_id, valid_until), DELETE
    ON app.webhook_endpoint_secrets TO consulta_definer;
CREATE POLICY definer_reads ON app.webhook_endpoint_secrets FOR SELECT TO consulta_definer
    USING (true);
CREATE POLICY definer_adds ON app.webhook_endpoint_secrets FOR INSERT TO consulta_definer
    WITH CHECK (true);
CREATE POLICY definer_changes ON app.webhook_endpoint_secrets FOR UPDATE TO consulta_definer
    USING (true) WITH CHECK (true);
CREATE POLICY definer_removes ON app.webhook_endpoint_secrets FOR DELETE TO consulta_definer
    USING (true);
