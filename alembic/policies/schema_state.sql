-- schema_state: which version the database is at. Everyone may ask, the owner alone writes.
ALTER TABLE app.schema_state ENABLE ROW LEVEL SECURITY;
ALTER TABLE app.schema_state FORCE ROW LEVEL SECURITY;

GRANT SELECT ON app.schema_state TO consulta_api, consulta_admin, consulta_worker;
CREATE POLICY service_asks ON app.schema_state FOR SELECT
    TO consulta_api, consulta_admin, consulta_worker USING (true);
CREATE POLICY owner_reads ON app.schema_state FOR SELECT TO consulta_owner USING (true);
CREATE POLICY owner_adds ON app.schema_state FOR INSERT TO consulta_owner WITH CHECK (true);
CREATE POLICY owner_changes ON app.schema_state FOR UPDATE TO consulta_owner
    USING (true) WITH CHECK (true);
