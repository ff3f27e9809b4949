-- bookings: both parties read; the trigger decides who may move a status; rows are made by app.book.
ALTER TABLE app.bookings ENABLE ROW LEVEL SECURITY;
ALTER TABLE app.bookings FORCE ROW LEVEL SECURITY;

-- No identity, no rows.
CREATE POLICY belt ON app.bookings AS RESTRICTIVE FOR ALL
    TO consulta_user, consulta_admin
    USING ((SELECT app.user_id()) IS NOT NULL) WITH CHECK ((SELECT app.user_id()) IS NOT NULL);

GRANT SELECT ON app.bookings TO consulta_user;
GRANT UPDATE (status) ON app.bookings TO consulta_user;
CREATE POLICY party_reads ON app.bookings FOR SELECT TO consulta_user
    USING (client_id = (SELECT app.user_id()) OR specialist_id = (SELECT app.user_id()));
CREATE POLICY party_moves ON app.bookings FOR UPDATE TO consulta_user
    USING (client_id = (SELECT app.user_id()) OR specialist_id = (SELECT app.user_id()))
    WITH CHECK (client_id = (SELECT app.user_id()) OR specialist_id = (SELECT app.user_id()));

GRANT SELECT ON app.bookings TO consulta_admin;
GRANT UPDATE (status) ON app.bookings TO consulta_admin;
CREATE POLICY admin_reads ON app.bookings FOR SELECT TO consulta_admin USING (true);
CREATE POLICY admin_changes ON app.bookings FOR UPDATE TO consulta_admin
    USING (true) WITH CHECK (true);

GRANT SELECT, INSERT, UPDATE ON app.bookings TO consulta_worker;
CREATE POLICY worker_reads ON app.bookings FOR SELECT TO consulta_worker USING (true);
CREATE POLICY worker_adds ON app.bookings FOR INSERT TO consulta_worker WITH CHECK (true);
CREATE POLICY worker_changes ON app.bookings FOR UPDATE TO consulta_worker USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, UPDATE ON app.bookings TO consulta_definer;
CREATE POLICY definer_reads ON app.bookings FOR SELECT TO consulta_definer USING (true);
CREATE POLICY definer_adds ON app.bookings FOR INSERT TO consulta_definer WITH CHECK (true);
CREATE POLICY definer_changes ON app.bookings FOR UPDATE TO consulta_definer USING (true) WITH CHECK (true);

-- Which moves are legal, by whom, and their history.
CREATE TRIGGER guard_moves BEFORE INSERT OR UPDATE ON app.bookings
    FOR EACH ROW EXECUTE FUNCTION app.guard_booking();
CREATE TRIGGER write_first_history AFTER INSERT ON app.bookings
    REFERENCING NEW TABLE AS made
    FOR EACH STATEMENT EXECUTE FUNCTION app.write_first_history();
CREATE TRIGGER write_history AFTER UPDATE OF status ON app.bookings
    FOR EACH ROW EXECUTE FUNCTION app.write_booking_history();
-- What a booking spent comes back with its expiry, and is used up with the session.
CREATE TRIGGER settle_spending AFTER UPDATE OF status ON app.bookings
    FOR EACH ROW WHEN (NEW.status IN ('expired', 'completed', 'no_show') AND NEW.status <> OLD.status
        AND (NEW.coupon_id IS NOT NULL OR NEW.package_purchase_id IS NOT NULL))
    EXECUTE FUNCTION app.settle_ended_booking();

-- Nothing begins with somebody who was erased meanwhile.
CREATE TRIGGER parties_are_there AFTER INSERT ON app.bookings
    REFERENCING NEW TABLE AS made
    FOR EACH STATEMENT EXECUTE FUNCTION app.parties_are_there();
