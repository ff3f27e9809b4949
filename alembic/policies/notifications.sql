-- notifications: the recipient reads and marks as read; the worker writes and sends.
ALTER TABLE app.notifications ENABLE ROW LEVEL SECURITY;
ALTER TABLE app.notifications FORCE ROW LEVEL SECURITY;

-- No identity, no rows.
CREATE POLICY belt ON app.notifications AS RESTRICTIVE FOR ALL
    TO consulta_user, consulta_admin
    USING ((SELECT app.user_id()) IS NOT NULL) WITH CHECK ((SELECT app.user_id()) IS NOT NULL);

GRANT SELECT (id, recipient_id, kind, specialist_id, client_id, booking_id, series_id, payment_id,
    purchase_id, revision, local_date, language, state, send_at, sent_at, read_at, created_at)
    ON app.notifications TO consulta_user;
GRANT UPDATE (read_at) ON app.notifications TO consulta_user;
CREATE POLICY recipient_reads ON app.notifications FOR SELECT TO consulta_user
    USING (recipient_id = (SELECT app.user_id()));
CREATE POLICY recipient_changes ON app.notifications FOR UPDATE TO consulta_user
    USING (recipient_id = (SELECT app.user_id()))
    WITH CHECK (recipient_id = (SELECT app.user_id()));

GRANT SELECT ON app.notifications TO consulta_admin;
GRANT UPDATE (read_at) ON app.notifications TO consulta_admin;
CREATE POLICY admin_reads ON app.notifications FOR SELECT TO consulta_admin USING (true);
CREATE POLICY admin_changes ON app.notifications FOR UPDATE TO consulta_admin
    USING (recipient_id = (SELECT app.user_id()))
    WITH CHECK (recipient_id = (SELECT app.user_id()));

GRANT SELECT, INSERT, UPDATE, DELETE ON app.notifications TO consulta_worker;
CREATE POLICY worker_reads ON app.notifications FOR SELECT TO consulta_worker USING (true);
CREATE POLICY worker_adds ON app.notifications FOR INSERT TO consulta_worker WITH CHECK (true);
CREATE POLICY worker_changes ON app.notifications FOR UPDATE TO consulta_worker
    USING (true) WITH CHECK (true);
CREATE POLICY worker_removes ON app.notifications FOR DELETE TO consulta_worker USING (true);
