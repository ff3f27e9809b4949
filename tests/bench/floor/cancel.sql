-- A client cancels an authorised booking: the void is asked for, and then recorded as done.
\set i :i + 1
\set n :first + :client_id + :clients * :i
\set person 1 + :n % :people
\startpipeline
BEGIN;
SELECT set_config('role', 'consulta_user', true),
       set_config('app.user_id', md5('client:' || :person::text)::uuid::text, true),
       set_config('app.request_id', 'floor-' || :n::text, true),
       set_config('app.move_reason', 'No longer needed.', true);
\endpipeline
SELECT app.begin_idempotent(app.user_id()::text, 'POST /api/v1/bookings/cancel',
                            'floor-' || :n::text, sha256('a body'), 30, 72),
       app.lock_booking(md5('doomed:' || :n::text)::uuid);
WITH moved AS (
    UPDATE app.bookings SET status = 'cancelled'
    WHERE id = md5('doomed:' || :n::text)::uuid
    RETURNING id, specialist_id, client_id
), record AS (
    INSERT INTO app.booking_cancellations (booking_id, specialist_id, client_id, cancelled_by,
        cancelled_by_kind, reason, reason_code, cancellation_policy_applied, refund_minor, currency)
    SELECT id, specialist_id, client_id, client_id, 'client', 'No longer needed.', NULL, 'standard',
           0, 'USD'
    FROM moved
), entry AS (
    INSERT INTO app.audit_logs (actor_id, actor, action, subject_type, subject_id, old_values,
                                new_values, status, request_id)
    SELECT client_id, 'client', 'booking.cancelled', 'booking', id,
           '{"status": "awaiting_confirmation"}', '{"status": "cancelled"}', 'success',
           app.request_id()
    FROM moved
), message AS (
    INSERT INTO app.outbox (topic, payload)
    SELECT 'booking.cancelled', jsonb_build_object('booking_id', id, 'specialist_id', specialist_id,
                                                   'client_id', client_id)
    FROM moved
)
SELECT 1 / count(*) AS moved FROM moved
\gset
WITH asked AS MATERIALIZED (
    SELECT id, payment_id, fence
    FROM app.request_operation(md5('doomed payment:' || :n::text)::uuid, 'cancel', 10000, 30)
), entry AS (
    INSERT INTO app.audit_logs (actor_id, actor, action, subject_type, subject_id, new_values, status,
                                request_id)
    SELECT app.user_id(), 'client', 'payment.cancel_requested', 'payment', payment_id,
           jsonb_build_object('amount_minor', 10000, 'operation_id', id), 'success',
           app.request_id()
    FROM asked
)
SELECT id AS operation, fence, app.release_booking(md5('doomed:' || :n::text)::uuid) AS released,
       app.finish_idempotent(app.user_id()::text, 'POST /api/v1/bookings/cancel',
                             'floor-' || :n::text, md5('doomed:' || :n::text)::uuid, NULL, NULL)
FROM asked
\gset
COMMIT;
\startpipeline
BEGIN;
SELECT set_config('role', 'consulta_worker', true), set_config('app.user_id', '', true),
       set_config('app.request_id', 'floor-' || :n::text, true);
\endpipeline
SELECT app.lock_payment(md5('doomed payment:' || :n::text)::uuid);
WITH operation AS (
    UPDATE app.payment_operations
    SET state = 'done', last_error = NULL, lease_until = NULL, same_error_count = 0
    WHERE id = :operation::uuid AND fence = :fence::bigint AND lease_until IS NOT NULL
    RETURNING payment_id
), payment AS (
    UPDATE app.payments p SET status = 'cancelled', last_error = NULL
    FROM operation WHERE p.id = operation.payment_id
    RETURNING p.id
), entry AS (
    INSERT INTO app.audit_logs (actor, action, subject_type, subject_id, old_values, new_values,
                                status, request_id)
    SELECT 'system', 'payment.moved', 'payment', id, '{"status": "authorized"}',
           '{"status": "cancelled"}', 'success', app.request_id()
    FROM payment
)
SELECT 1 / count(*) AS written,
       count(app.finish_idempotent(md5('client:' || :person::text)::uuid::text,
             'POST /api/v1/bookings/cancel', 'floor-' || :n::text,
             md5('doomed:' || :n::text)::uuid, 200,
             decode(repeat('5a', :answer_bytes::integer), 'hex'))::text) AS answered
FROM payment
\gset
COMMIT;
