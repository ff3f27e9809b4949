-- credentials: nobody but the sign-in functions.
ALTER TABLE app.credentials ENABLE ROW LEVEL SECURITY;
ALTER TABLE app.credentials FORCE ROW LEVEL SECURITY;

GRANT SELECT, INSERT, UPDATE, DELETE ON app.credentials TO consulta_definer;
CREATE POLICY definer_reads ON app.credentials FOR SELECT TO consulta_definer USING (true);
CREATE POLICY definer_adds ON app.credentials FOR INSERT TO consulta_definer WITH CHECK (true);
CREATE POLICY definer_changes ON app.credentials FOR UPDATE TO consulta_definer USING (true) WITH CHECK (true);
CREATE POLICY definer_removes ON app.credentials FOR DELETE TO consulta_definer USING (true);

CREATE TRIGGER touch BEFORE UPDATE ON app.credentials
    FOR EACH ROW EXECUTE FUNCTION app.touch();
