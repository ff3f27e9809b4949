-- payments: both parties read; the worker writes; people ask through app.request_operation.
ALTER TABLE app.payments ENABLE ROW LEVEL SECURITY;
ALTER TABLE app.payments FORCE ROW LEVEL SECURITY;

-- No identity, no rows.
CREATE POLICY belt ON app.payments AS RESTRICTIVE FOR ALL
    TO consulta_user, consulta_admin
    USING ((SELECT app.user_id()) IS NOT NULL) WITH CHECK ((SELECT app.user_id()) IS NOT NULL);

GRANT SELECT ON app.payments TO consulta_user;
CREATE POLICY party_reads ON app.payments FOR SELECT TO consulta_user
    USING (client_id = (SELECT app.user_id()) OR specialist_id = (SELECT app.user_id()));

GRANT SELECT ON app.payments TO consulta_admin;
CREATE POLICY admin_reads ON app.payments FOR SELECT TO consulta_admin USING (true);
GRANT SELECT, INSERT, UPDATE ON app.payments TO consulta_worker;
CREATE POLICY worker_reads ON app.payments FOR SELECT TO consulta_worker USING (true);
CREATE POLICY worker_adds ON app.payments FOR INSERT TO consulta_worker WITH CHECK (true);
CREATE POLICY worker_changes ON app.payments FOR UPDATE TO consulta_worker USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, UPDATE ON app.payments TO consulta_definer;
CREATE POLICY definer_reads ON app.payments FOR SELECT TO consulta_definer USING (true);
CREATE POLICY definer_adds ON app.payments FOR INSERT TO consulta_definer WITH CHECK (true);
CREATE POLICY definer_changes ON app.payments FOR UPDATE TO consulta_definer USING (true) WITH CHECK (true);

CREATE TRIGGER guard_moves BEFORE INSERT OR UPDATE ON app.payments
    FOR EACH ROW EXECUTE FUNCTION app.guard_payment();

-- No door moves money without entries in the ledger; the money of a payment that only begins is none.
CREATE TRIGGER money_trail AFTER UPDATE ON app.payments
    FOR EACH ROW WHEN (OLD.captured_minor <> NEW.captured_minor
        OR OLD.refunded_minor <> NEW.refunded_minor OR OLD.is_disputed <> NEW.is_disputed
        OR OLD.dispute_status IS DISTINCT FROM NEW.dispute_status
        OR OLD.contested_minor <> NEW.contested_minor)
    EXECUTE FUNCTION app.write_money_trail();
CREATE TRIGGER money_trail_begins AFTER INSERT ON app.payments
    FOR EACH ROW WHEN (NEW.captured_minor <> 0 OR NEW.refunded_minor <> 0 OR NEW.is_disputed
        OR NEW.dispute_status IS NOT NULL)
    EXECUTE FUNCTION app.write_money_trail();
