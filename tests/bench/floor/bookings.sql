-- A booking without a payment method: what the service writes, in the leanest SQL, in two commits.
-- Each client of pgbench walks through numbers of its own: nothing is booked twice.
\set i :i + 1
\set n :first + :client_id + :clients * :i
\set person 1 + :n % :people
\startpipeline
BEGIN;
SELECT set_config('role', 'consulta_user', true),
       set_config('app.user_id', md5('client:' || :person::text)::uuid::text, true),
       set_config('app.request_id', 'floor-' || :n::text, true);
\endpipeline
WITH key AS MATERIALIZED (
    SELECT app.begin_idempotent(app.user_id()::text, 'POST /api/v1/bookings', 'floor-' || :n::text,
                                sha256('a body'), 30, 72) AS begun
), placed AS MATERIALIZED (
    SELECT app.book(t.specialist_id, t.rate_id, t.starts_at, NULL, NULL, NULL, '{}', 30, 30) AS made, t.specialist_id
    FROM key, bench.starts t WHERE t.n = :n::bigint AND key.begun ->> 'state' = 'new'
), entry AS (
    INSERT INTO app.audit_logs (actor_id, actor, action, subject_type, subject_id, new_values, status,
                                request_id)
    SELECT app.user_id(), 'client', 'booking.requested', 'booking', (made ->> 'booking_id')::uuid,
           jsonb_build_object('status', made -> 'status', 'starts_at', made -> 'starts_at',
               'amount_minor', made -> 'amount_minor', 'currency', made -> 'currency'),
           'success', app.request_id()
    FROM placed
), message AS (
    INSERT INTO app.outbox (topic, payload)
    SELECT 'booking.requested', jsonb_build_object('booking_id', made -> 'booking_id',
               'specialist_id', specialist_id, 'client_id', made -> 'client_id')
    FROM placed
)
SELECT made ->> 'booking_id' AS booking, made ->> 'payment_id' AS payment,
       made ->> 'operation_id' AS operation, made ->> 'fence' AS fence,
       app.finish_idempotent(app.user_id()::text, 'POST /api/v1/bookings', 'floor-' || :n::text,
                             (made ->> 'booking_id')::uuid, NULL, NULL)
FROM placed
\gset
COMMIT;
\startpipeline
BEGIN;
SELECT set_config('role', 'consulta_worker', true), set_config('app.user_id', '', true),
       set_config('app.request_id', 'floor-' || :n::text, true);
\endpipeline
WITH waiting AS (
    SELECT id, specialist_id, client_id FROM app.payments
    WHERE id = :payment::uuid AND status = 'pending' FOR UPDATE
), operation AS (
    UPDATE app.payment_operations
    SET state = 'done', last_error = NULL, lease_until = NULL, same_error_count = 0
    WHERE id = :operation::uuid AND fence = :fence::bigint AND lease_until IS NOT NULL
      AND EXISTS (SELECT 1 FROM waiting)
    RETURNING id
), payment AS (
    UPDATE app.payments p SET provider_reference = 'floor_' || :n::text, last_error = NULL
    FROM waiting WHERE p.id = waiting.id AND EXISTS (SELECT 1 FROM operation)
), action AS (
    INSERT INTO app.payment_actions (payment_id, specialist_id, client_id, next_action)
    SELECT id, specialist_id, client_id, jsonb_build_object('kind', 'client_secret',
               'client_secret', 'floor_' || :n::text || '_secret_' || md5(:n::text))
    FROM waiting WHERE EXISTS (SELECT 1 FROM operation)
    ON CONFLICT (payment_id) DO UPDATE SET next_action = excluded.next_action
)
SELECT 1 / count(*) AS written,
       count(app.finish_idempotent(md5('client:' || :person::text)::uuid::text,
             'POST /api/v1/bookings', 'floor-' || :n::text, :booking::uuid, 201,
             decode(repeat('5a', :answer_bytes::integer), 'hex'))::text) AS answered
FROM operation
\gset
COMMIT;
