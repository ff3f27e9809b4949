-- reviews: both parties read; people write through functions alone; admins hide.
ALTER TABLE app.reviews ENABLE ROW LEVEL SECURITY;
ALTER TABLE app.reviews FORCE ROW LEVEL SECURITY;

-- No identity, no rows.
CREATE POLICY belt ON app.reviews AS RESTRICTIVE FOR ALL
    TO consulta_user, consulta_admin
    USING ((SELECT app.user_id()) IS NOT NULL) WITH CHECK ((SELECT app.user_id()) IS NOT NULL);

GRANT SELECT ON app.reviews TO consulta_user;
CREATE POLICY party_reads ON app.reviews FOR SELECT TO consulta_user
    USING (client_id = (SELECT app.user_id()) OR specialist_id = (SELECT app.user_id()));

GRANT SELECT ON app.reviews TO consulta_admin;
GRANT UPDATE (is_hidden, hidden_reason, hidden_at) ON app.reviews TO consulta_admin;
CREATE POLICY admin_reads ON app.reviews FOR SELECT TO consulta_admin USING (true);
CREATE POLICY admin_changes ON app.reviews FOR UPDATE TO consulta_admin
    USING (true) WITH CHECK (true);
GRANT SELECT ON app.reviews TO consulta_worker;
CREATE POLICY worker_reads ON app.reviews FOR SELECT TO consulta_worker USING (true);
GRANT SELECT, INSERT, UPDATE ON app.reviews TO consulta_definer;
CREATE POLICY definer_reads ON app.reviews FOR SELECT TO consulta_definer USING (true);
CREATE POLICY definer_adds ON app.reviews FOR INSERT TO consulta_definer WITH CHECK (true);
CREATE POLICY definer_changes ON app.reviews FOR UPDATE TO consulta_definer
    USING (true) WITH CHECK (true);

CREATE TRIGGER touch BEFORE UPDATE ON app.reviews
    FOR EACH ROW EXECUTE FUNCTION app.touch();
-- What the directory sorts by is exact, whoever writes.
CREATE TRIGGER refresh_rating AFTER INSERT OR UPDATE OF rating, is_hidden ON app.reviews
    FOR EACH ROW EXECUTE FUNCTION app.refresh_rating();
