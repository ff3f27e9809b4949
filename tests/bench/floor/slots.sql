-- Free times of one specialist for 14 days, as nobody in particular.
\set n random(1, :specialists)
\startpipeline
BEGIN READ ONLY;
SELECT set_config('role', 'consulta_anonymous', true), set_config('app.user_id', '', true),
       set_config('app.request_id', 'floor', true);
\endpipeline
SELECT app.slots_json(md5('specialist:' || :n::text)::uuid, NULL, NULL, NULL, NULL, NULL);
COMMIT;
