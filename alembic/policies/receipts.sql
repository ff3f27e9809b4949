-- receipts: both parties read; functions issue; nobody changes.
ALTER TABLE app.receipts ENABLE ROW LEVEL SECURITY;
ALTER TABLE app.receipts FORCE ROW LEVEL SECURITY;

-- No identity, no rows.
CREATE POLICY belt ON app.receipts AS RESTRICTIVE FOR ALL
    TO consulta_user, consulta_admin
    USING ((SELECT app.user_id()) IS NOT NULL) WITH CHECK ((SELECT app.user_id()) IS NOT NULL);

GRANT SELECT ON app.receipts TO consulta_user;
CREATE POLICY party_reads ON app.receipts FOR SELECT TO consulta_user
    USING (client_id = (SELECT app.user_id()) OR specialist_id = (SELECT app.user_id()));

GRANT SELECT ON app.receipts TO consulta_admin;
CREATE POLICY admin_reads ON app.receipts FOR SELECT TO consulta_admin USING (true);
GRANT SELECT ON app.receipts TO consulta_worker;
CREATE POLICY worker_reads ON app.receipts FOR SELECT TO consulta_worker USING (true);
GRANT SELECT, INSERT ON app.receipts TO consulta_definer;
CREATE POLICY definer_reads ON app.receipts FOR SELECT TO consulta_definer USING (true);
CREATE POLICY definer_adds ON app.receipts FOR INSERT TO consulta_definer WITH CHECK (true);

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON app.receipts
    FOR EACH ROW EXECUTE FUNCTION app.refuse_change();
CREATE TRIGGER append_only_whole BEFORE TRUNCATE ON app.receipts
    FOR EACH STATEMENT EXECUTE FUNCTION app.refuse_change();
