-- outbox: every acting role adds; the worker delivers.
ALTER TABLE app.outbox ENABLE ROW LEVEL SECURITY;
ALTER TABLE app.outbox FORCE ROW LEVEL SECURITY;

-- An admin without a name sees nothing and leaves nothing.
CREATE POLICY belt ON app.outbox AS RESTRICTIVE FOR ALL TO consulta_admin
    USING ((SELECT app.user_id()) IS NOT NULL) WITH CHECK ((SELECT app.user_id()) IS NOT NULL);

-- A message is heard by the parties that it names: a person names himself among them, or no party
-- at all; who is nobody names none. All are read by one reader, which one payload that it cannot
-- read would stop for everybody: it is flat, and its numbers are numbers anywhere.
GRANT INSERT (topic, payload) ON app.outbox TO consulta_user, consulta_anonymous;
CREATE POLICY person_adds ON app.outbox FOR INSERT TO consulta_user
    WITH CHECK (state = 'pending' AND jsonb_typeof(payload) = 'object'
        AND length(payload::text) <= 2000
        AND NOT payload @? '$.* ? (@.type() == "object" || @.type() == "array" || @ > 1e15 || @ < -1e15)'
        AND (payload ->> 'specialist_id' = (SELECT app.user_id())::text
             OR payload ->> 'client_id' = (SELECT app.user_id())::text
             OR payload ->> 'user_id' = (SELECT app.user_id())::text
                AND NOT payload ?| ARRAY['specialist_id', 'client_id']));
CREATE POLICY anonymous_adds ON app.outbox FOR INSERT TO consulta_anonymous
    WITH CHECK (state = 'pending' AND jsonb_typeof(payload) = 'object'
        AND length(payload::text) <= 2000
        AND NOT payload @? '$.* ? (@.type() == "object" || @.type() == "array" || @ > 1e15 || @ < -1e15)'
        AND NOT payload ?| ARRAY['specialist_id', 'client_id']);

GRANT SELECT, INSERT ON app.outbox TO consulta_admin;
CREATE POLICY admin_reads ON app.outbox FOR SELECT TO consulta_admin USING (true);
CREATE POLICY admin_adds ON app.outbox FOR INSERT TO consulta_admin WITH CHECK (true);
GRANT SELECT, INSERT, UPDATE, DELETE ON app.outbox TO consulta_worker;
CREATE POLICY worker_reads ON app.outbox FOR SELECT TO consulta_worker USING (true);
CREATE POLICY worker_adds ON app.outbox FOR INSERT TO consulta_worker WITH CHECK (true);
CREATE POLICY worker_changes ON app.outbox FOR UPDATE TO consulta_worker USING (true) WITH CHECK (true);
CREATE POLICY worker_removes ON app.outbox FOR DELETE TO consulta_worker USING (true);
GRANT INSERT ON app.outbox TO consulta_definer;
CREATE POLICY definer_adds ON app.outbox FOR INSERT TO consulta_definer WITH CHECK (true);
