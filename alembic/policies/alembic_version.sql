-- alembic_version: which version the database is at. Everyone may ask, the owner alone writes.
ALTER TABLE app.alembic_version ENABLE ROW LEVEL SECURITY;
ALTER TABLE app.alembic_version FORCE ROW LEVEL SECURITY;

GRANT SELECT ON app.alembic_version TO consulta_api, consulta_admin, consulta_worker;
CREATE POLICY service_asks ON app.alembic_version FOR SELECT
    TO consulta_api, consulta_admin, consulta_worker USING (true);
CREATE POLICY owner_reads ON app.alembic_version FOR SELECT TO consulta_owner USING (true);
CREATE POLICY owner_adds ON app.alembic_version FOR INSERT TO consulta_owner WITH CHECK (true);
CREATE POLICY owner_changes ON app.alembic_version FOR UPDATE TO consulta_owner
    USING (true) WITH CHECK (true);
