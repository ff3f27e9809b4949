-- specialists: anyone reads verified ones; the owner writes all but verification and rating.
ALTER TABLE app.specialists ENABLE ROW LEVEL SECURITY;
ALTER TABLE app.specialists FORCE ROW LEVEL SECURITY;

-- An admin without a name sees nothing and leaves nothing.
CREATE POLICY belt ON app.specialists AS RESTRICTIVE FOR ALL TO consulta_admin
    USING ((SELECT app.user_id()) IS NOT NULL) WITH CHECK ((SELECT app.user_id()) IS NOT NULL);

GRANT SELECT ON app.specialists TO consulta_anonymous, consulta_user;
CREATE POLICY anyone_reads_verified ON app.specialists FOR SELECT TO consulta_anonymous
    USING (is_verified);
CREATE POLICY verified_or_own ON app.specialists FOR SELECT TO consulta_user
    USING (is_verified OR id = (SELECT app.user_id()));
GRANT INSERT (id, full_name, headline, bio, qualifications, time_zone, photo_url, letterhead_url,
    is_accepting, auto_confirm, payment_provider, cancellation_policy, cancellation_tiers,
    minimum_notice_minutes, horizon_days, buffer_before_minutes, confirmation_hours)
    ON app.specialists TO consulta_user;
GRANT UPDATE (full_name, headline, bio, qualifications, time_zone, photo_url, letterhead_url,
    is_accepting, auto_confirm, payment_provider, cancellation_policy, cancellation_tiers,
    minimum_notice_minutes, horizon_days, buffer_before_minutes, confirmation_hours)
    ON app.specialists TO consulta_user;
CREATE POLICY owner_adds ON app.specialists FOR INSERT TO consulta_user
    WITH CHECK (id = (SELECT app.user_id()) AND NOT is_verified);
CREATE POLICY owner_changes ON app.specialists FOR UPDATE TO consulta_user
    USING (id = (SELECT app.user_id())) WITH CHECK (id = (SELECT app.user_id()));

GRANT SELECT, INSERT, UPDATE ON app.specialists TO consulta_admin;
CREATE POLICY admin_reads ON app.specialists FOR SELECT TO consulta_admin USING (true);
CREATE POLICY admin_adds ON app.specialists FOR INSERT TO consulta_admin WITH CHECK (true);
CREATE POLICY admin_changes ON app.specialists FOR UPDATE TO consulta_admin USING (true) WITH CHECK (true);
GRANT SELECT, UPDATE ON app.specialists TO consulta_worker;
CREATE POLICY worker_reads ON app.specialists FOR SELECT TO consulta_worker USING (true);
CREATE POLICY worker_changes ON app.specialists FOR UPDATE TO consulta_worker USING (true) WITH CHECK (true);
GRANT SELECT, UPDATE ON app.specialists TO consulta_definer;
CREATE POLICY definer_reads ON app.specialists FOR SELECT TO consulta_definer USING (true);
CREATE POLICY definer_changes ON app.specialists FOR UPDATE TO consulta_definer USING (true) WITH CHECK (true);

-- Only who has the role may have the page.
CREATE TRIGGER role_is_specialist BEFORE INSERT ON app.specialists
    FOR EACH ROW EXECUTE FUNCTION app.role_is_specialist();
-- Every specialist has a calendar to lock.
CREATE TRIGGER open_calendar AFTER INSERT ON app.specialists
    FOR EACH ROW EXECUTE FUNCTION app.open_calendar();

CREATE TRIGGER touch BEFORE UPDATE ON app.specialists
    FOR EACH ROW EXECUTE FUNCTION app.touch();
