-- account_letters: people ask through functions and read nothing; the worker sends.
ALTER TABLE app.account_letters ENABLE ROW LEVEL SECURITY;
ALTER TABLE app.account_letters FORCE ROW LEVEL SECURITY;

GRANT SELECT, UPDATE ON app.account_letters TO consulta_worker;
CREATE POLICY worker_reads ON app.account_letters FOR SELECT TO consulta_worker USING (true);
CREATE POLICY worker_changes ON app.account_letters FOR UPDATE TO consulta_worker
    USING (true) WITH CHECK (true);

GRANT SELECT, INSERT, UPDATE, DELETE ON app.account_letters TO consulta_definer;
CREATE POLICY definer_reads ON app.account_letters FOR SELECT TO consulta_definer USING (true);
CREATE POLICY definer_adds ON app.account_letters FOR INSERT TO consulta_definer WITH CHECK (true);
CREATE POLICY definer_changes ON app.account_letters FOR UPDATE TO consulta_definer
    USING (true) WITH CHECK (true);
CREATE POLICY definer_removes ON app.account_letters FOR DELETE TO consulta_definer USING (true);

CREATE TRIGGER touch BEFORE UPDATE ON app.account_letters
    FOR EACH ROW EXECUTE FUNCTION app.touch();
