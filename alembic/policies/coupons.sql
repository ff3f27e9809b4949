-- coupons: the specialist's own; clients ask for a code through a function and never read.
ALTER TABLE app.coupons ENABLE ROW LEVEL SECURITY;
ALTER TABLE app.coupons FORCE ROW LEVEL SECURITY;

-- No identity, no rows.
CREATE POLICY belt ON app.coupons AS RESTRICTIVE FOR ALL
    TO consulta_user, consulta_admin
    USING ((SELECT app.user_id()) IS NOT NULL) WITH CHECK ((SELECT app.user_id()) IS NOT NULL);

GRANT SELECT ON app.coupons TO consulta_user;
CREATE POLICY owner_reads ON app.coupons FOR SELECT TO consulta_user
    USING (specialist_id = (SELECT app.user_id()));
GRANT INSERT (specialist_id, code, description, kind, percent, amount_minor, currency,
    minimum_minor, most_uses, most_uses_per_client, valid_from, valid_until, is_active)
    ON app.coupons TO consulta_user;
CREATE POLICY owner_adds ON app.coupons FOR INSERT TO consulta_user
    WITH CHECK (specialist_id = (SELECT app.user_id()));
-- What a code takes off stays as it was given out; only its terms change.
GRANT UPDATE (description, minimum_minor, most_uses, most_uses_per_client, valid_from, valid_until,
    is_active)
    ON app.coupons TO consulta_user;
CREATE POLICY owner_changes ON app.coupons FOR UPDATE TO consulta_user
    USING (specialist_id = (SELECT app.user_id())) WITH CHECK (specialist_id = (SELECT app.user_id()));

GRANT SELECT, INSERT, UPDATE ON app.coupons TO consulta_admin;
CREATE POLICY admin_reads ON app.coupons FOR SELECT TO consulta_admin USING (true);
CREATE POLICY admin_adds ON app.coupons FOR INSERT TO consulta_admin WITH CHECK (true);
CREATE POLICY admin_changes ON app.coupons FOR UPDATE TO consulta_admin
    USING (true) WITH CHECK (true);
GRANT SELECT ON app.coupons TO consulta_worker;
CREATE POLICY worker_reads ON app.coupons FOR SELECT TO consulta_worker USING (true);
GRANT SELECT, UPDATE ON app.coupons TO consulta_definer;
CREATE POLICY definer_reads ON app.coupons FOR SELECT TO consulta_definer USING (true);
CREATE POLICY definer_changes ON app.coupons FOR UPDATE TO consulta_definer
    USING (true) WITH CHECK (true);

CREATE TRIGGER touch BEFORE UPDATE ON app.coupons
    FOR EACH ROW EXECUTE FUNCTION app.touch();
