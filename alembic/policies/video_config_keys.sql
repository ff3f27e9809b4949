-- video_config_keys: the worker alone reads; people write through functions.
ALTER TABLE app.video_config_keys ENABLE ROW LEVEL SECURITY;
ALTER TABLE app.video_config_keys FORCE ROW LEVEL SECURITY;

-- Rotation wraps anew; a vendor that hands out a new refresh token makes the old one worthless, so
-- the worker seals that, too. Neither changes whose the secrets are.
GRANT SELECT, UPDATE (key_id, wrapped_key, sealed) ON app.video_config_keys TO consulta_worker;
CREATE POLICY worker_reads ON app.video_config_keys FOR SELECT TO consulta_worker USING (true);
CREATE POLICY worker_changes ON app.video_config_keys FOR UPDATE TO consulta_worker
    USING (true) WITH CHECK (true);

-- The definer finds the row that it writes over, and reads no secret.
GRANT SELECT (config_id, specialist_id), INSERT, UPDATE, DELETE
    ON app.video_config_keys TO consulta_definer;
CREATE POLICY definer_reads ON app.video_config_keys FOR SELECT TO consulta_definer USING (true);
CREATE POLICY definer_adds ON app.video_config_keys FOR INSERT TO consulta_definer
    WITH CHECK (true);
CREATE POLICY definer_changes ON app.video_config_keys FOR UPDATE TO consulta_definer
    USING (true) WITH CHECK (true);
CREATE POLICY definer_removes ON app.video_config_keys FOR DELETE TO consulta_definer
    USING (true);

CREATE TRIGGER touch BEFORE UPDATE ON app.video_config_keys
    FOR EACH ROW EXECUTE FUNCTION app.touch();
