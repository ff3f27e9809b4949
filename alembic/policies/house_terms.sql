-- house_terms: the service writes it when it starts; functions read it for people, who may not.
ALTER TABLE app.house_terms ENABLE ROW LEVEL SECURITY;
ALTER TABLE app.house_terms FORCE ROW LEVEL SECURITY;

GRANT SELECT, INSERT, UPDATE ON app.house_terms TO consulta_worker;
CREATE POLICY worker_reads ON app.house_terms FOR SELECT TO consulta_worker USING (true);
CREATE POLICY worker_adds ON app.house_terms FOR INSERT TO consulta_worker WITH CHECK (true);
CREATE POLICY worker_changes ON app.house_terms FOR UPDATE TO consulta_worker
    USING (true) WITH CHECK (true);
GRANT SELECT ON app.house_terms TO consulta_definer;
CREATE POLICY definer_reads ON app.house_terms FOR SELECT TO consulta_definer USING (true);

CREATE TRIGGER touch BEFORE UPDATE ON app.house_terms
    FOR EACH ROW EXECUTE FUNCTION app.touch();
