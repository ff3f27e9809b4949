-- meeting_links: the worker alone; people are handed a link by the service, when it is time.
ALTER TABLE app.meeting_links ENABLE ROW LEVEL SECURITY;
ALTER TABLE app.meeting_links FORCE ROW LEVEL SECURITY;

GRANT SELECT, INSERT, DELETE, UPDATE (key_id, wrapped_key, sealed)
    ON app.meeting_links TO consulta_worker;
CREATE POLICY worker_reads ON app.meeting_links FOR SELECT TO consulta_worker USING (true);
CREATE POLICY worker_adds ON app.meeting_links FOR INSERT TO consulta_worker WITH CHECK (true);
CREATE POLICY worker_changes ON app.meeting_links FOR UPDATE TO consulta_worker
    USING (true) WITH CHECK (true);
CREATE POLICY worker_removes ON app.meeting_links FOR DELETE TO consulta_worker USING (true);

CREATE TRIGGER touch BEFORE UPDATE ON app.meeting_links
    FOR EACH ROW EXECUTE FUNCTION app.touch();
