-- booking_cancellations: both parties read; who cancels inserts the own record; immutable.
ALTER TABLE app.booking_cancellations ENABLE ROW LEVEL SECURITY;
ALTER TABLE app.booking_cancellations FORCE ROW LEVEL SECURITY;

-- No identity, no rows.
CREATE POLICY belt ON app.booking_cancellations AS RESTRICTIVE FOR ALL
    TO consulta_user, consulta_admin
    USING ((SELECT app.user_id()) IS NOT NULL) WITH CHECK ((SELECT app.user_id()) IS NOT NULL);

GRANT SELECT ON app.booking_cancellations TO consulta_user;
GRANT INSERT (booking_id, specialist_id, client_id, cancelled_by, cancelled_by_kind, reason,
    reason_code, cancellation_policy_applied, refund_percent, refund_minor, currency,
    credit_returned)
    ON app.booking_cancellations TO consulta_user;
CREATE POLICY party_reads ON app.booking_cancellations FOR SELECT TO consulta_user
    USING (client_id = (SELECT app.user_id()) OR specialist_id = (SELECT app.user_id()));
CREATE POLICY party_adds_own ON app.booking_cancellations FOR INSERT TO consulta_user WITH CHECK (
    cancelled_by = (SELECT app.user_id())
    AND ((cancelled_by_kind = 'client' AND client_id = (SELECT app.user_id()))
         OR (cancelled_by_kind = 'specialist' AND specialist_id = (SELECT app.user_id()))));

GRANT SELECT, INSERT ON app.booking_cancellations TO consulta_admin;
CREATE POLICY admin_reads ON app.booking_cancellations FOR SELECT TO consulta_admin USING (true);
CREATE POLICY admin_adds ON app.booking_cancellations FOR INSERT TO consulta_admin WITH CHECK (true);
GRANT SELECT ON app.booking_cancellations TO consulta_worker;
CREATE POLICY worker_reads ON app.booking_cancellations FOR SELECT TO consulta_worker USING (true);
GRANT SELECT ON app.booking_cancellations TO consulta_definer;
CREATE POLICY definer_reads ON app.booking_cancellations FOR SELECT TO consulta_definer USING (true);

-- A record without its cancelled booking would be a lie.
CREATE TRIGGER booking_has_ended AFTER INSERT ON app.booking_cancellations
    FOR EACH ROW EXECUTE FUNCTION app.cancellation_has_its_booking();
-- Not more than is due, and not less than all by the specialist; coupon and credit follow.
CREATE TRIGGER check_terms AFTER INSERT ON app.booking_cancellations
    FOR EACH ROW EXECUTE FUNCTION app.check_cancellation();
-- Words alone, and only to take them out: erasure.
GRANT UPDATE (reason) ON app.booking_cancellations TO consulta_definer;
CREATE POLICY definer_forgets ON app.booking_cancellations FOR UPDATE TO consulta_definer
    USING (true) WITH CHECK (true);

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON app.booking_cancellations
    FOR EACH ROW EXECUTE FUNCTION app.keep_all_but_words();
