-- ledger_entries: both parties read; a trigger on payments adds; nobody changes.
ALTER TABLE app.ledger_entries ENABLE ROW LEVEL SECURITY;
ALTER TABLE app.ledger_entries FORCE ROW LEVEL SECURITY;

-- No identity, no rows.
CREATE POLICY belt ON app.ledger_entries AS RESTRICTIVE FOR ALL
    TO consulta_user, consulta_admin
    USING ((SELECT app.user_id()) IS NOT NULL) WITH CHECK ((SELECT app.user_id()) IS NOT NULL);

GRANT SELECT ON app.ledger_entries TO consulta_user;
CREATE POLICY party_reads ON app.ledger_entries FOR SELECT TO consulta_user
    USING (client_id = (SELECT app.user_id()) OR specialist_id = (SELECT app.user_id()));

GRANT SELECT ON app.ledger_entries TO consulta_admin;
CREATE POLICY admin_reads ON app.ledger_entries FOR SELECT TO consulta_admin USING (true);
GRANT SELECT ON app.ledger_entries TO consulta_worker;
CREATE POLICY worker_reads ON app.ledger_entries FOR SELECT TO consulta_worker USING (true);
GRANT SELECT, INSERT ON app.ledger_entries TO consulta_definer;
CREATE POLICY definer_reads ON app.ledger_entries FOR SELECT TO consulta_definer USING (true);
CREATE POLICY definer_adds ON app.ledger_entries FOR INSERT TO consulta_definer WITH CHECK (true);

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON app.ledger_entries
    FOR EACH ROW EXECUTE FUNCTION app.refuse_change();
CREATE TRIGGER append_only_whole BEFORE TRUNCATE ON app.ledger_entries
    FOR EACH STATEMENT EXECUTE FUNCTION app.refuse_change();

-- At the end of the transaction, when all of its entries are there.
CREATE CONSTRAINT TRIGGER sums_to_zero AFTER INSERT ON app.ledger_entries
    DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION app.ledger_sums_to_zero();
