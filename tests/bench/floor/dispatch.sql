-- A batch of series whose next date is due: asked of the engine, booked and moved on. The leanest SQL
-- that writes the rows of the service: it knows which series are due, and that all can be booked.
\set i :i + 1
\set after :first + (:client_id + :clients * :i) * :size
\set until least(:after + :size, :last)
BEGIN;
SELECT set_config('role', 'consulta_worker', true), set_config('app.user_id', '', true),
       set_config('app.request_id', 'floor-' || :after::text, true),
       set_config('app.move_reason', 'made from a series', true);
SELECT count(*) FROM (
    SELECT 1 FROM app.calendars c WHERE c.specialist_id IN (
        SELECT n.specialist_id FROM bench.series n WHERE n.n >= :after::bigint AND n.n < :until::bigint)
    ORDER BY c.specialist_id FOR UPDATE) locked;
SELECT count(*) FROM (
    SELECT 1 FROM app.recurring_bookings r WHERE r.id IN (
        SELECT n.id FROM bench.series n WHERE n.n >= :after::bigint AND n.n < :until::bigint)
    FOR UPDATE) locked;
CREATE TEMP TABLE batch ON COMMIT DROP AS
SELECT app.new_id() AS booking_id, r.id, r.specialist_id, r.client_id,
       r.rate_id, r.next_booking_date, q.kind, q.price_minor, q.currency, s.cancellation_policy,
       app.series_start(r.next_booking_date, r.local_time, s.time_zone) AS starts_at,
       q.duration_minutes
FROM bench.series n
JOIN app.recurring_bookings r ON r.id = n.id
JOIN app.specialists s ON s.id = r.specialist_id
JOIN app.specialist_rates q ON q.id = r.rate_id
WHERE n.n >= :after::bigint AND n.n < :until::bigint
ORDER BY r.specialist_id;
ANALYZE batch (specialist_id);
INSERT INTO app.slots (id, specialist_id, rate_id, starts_at, ends_at, session_starts_at,
    session_ends_at, status, held_by)
SELECT b.booking_id, b.specialist_id, b.rate_id, o.claim_starts_at, o.claim_ends_at, o.starts_at,
       o.ends_at, 'booked', b.client_id
FROM batch b
JOIN (SELECT w.specialist_id, w.duration_minutes, o.*
      FROM (SELECT specialist_id, duration_minutes, min(starts_at) AS earliest,
                   max(starts_at) + interval '1 microsecond' AS latest
            FROM batch GROUP BY specialist_id, duration_minutes OFFSET 0) w
      CROSS JOIN LATERAL app.open_slots(w.specialist_id, w.earliest, w.latest, w.duration_minutes,
          NULL, app.now()) o OFFSET 0) o
  ON o.specialist_id = b.specialist_id AND o.starts_at = b.starts_at;
INSERT INTO app.bookings (id, specialist_id, client_id, rate_id, slot_id, kind, status, starts_at,
    ends_at, price_minor, currency, policy, auto_confirm, booked_by, recurring_booking_id)
SELECT b.booking_id, b.specialist_id, b.client_id, b.rate_id, b.booking_id, b.kind, 'confirmed',
       b.starts_at, b.starts_at + interval '30 minutes', b.price_minor, b.currency,
       b.cancellation_policy, true, b.client_id, b.id
FROM batch b;
INSERT INTO app.recurring_booking_occurrences
    (id, recurring_booking_id, specialist_id, client_id, local_date, starts_at, outcome, booking_id)
SELECT b.booking_id, b.id, b.specialist_id, b.client_id, b.next_booking_date, b.starts_at, 'booked', b.booking_id
FROM batch b;
INSERT INTO app.outbox (id, topic, payload)
SELECT b.booking_id, 'booking.requested', jsonb_build_object('booking_id', b.booking_id,
    'specialist_id', b.specialist_id, 'client_id', b.client_id, 'series_id', b.id)
FROM batch b;
INSERT INTO app.audit_logs (id, actor, action, subject_type, subject_id, new_values, request_id)
SELECT b.booking_id, 'floor', 'booking.requested', 'booking', b.booking_id,
       jsonb_build_object('status', 'confirmed', 'starts_at', b.starts_at,
           'amount_minor', b.price_minor, 'currency', b.currency, 'series_id', b.id),
       app.request_id()
FROM batch b;
UPDATE app.calendars c SET revision = c.revision + 1, updated_at = app.now()
WHERE c.specialist_id IN (SELECT b.specialist_id FROM batch b);
UPDATE app.recurring_bookings r
SET next_booking_date = b.next_booking_date + 7, last_generated_date = b.next_booking_date
FROM batch b WHERE b.id = r.id;
COMMIT;
