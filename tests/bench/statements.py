"""How the town is filled: one set-based statement a table, ids as `md5(name)::uuid` (D10).

`{specialists}`, `{clients}`, `{past}` (sessions that took place) and `{ended}` (with those that
were called off) are the sizes. Names are `specialist:7`, `client:7`, `rate:7`, `family:7`,
`slot:7`, `booking:7`, `payment:7`.
"""

UPCOMING = 10
"""Confirmed sessions of each specialist in the next two weeks, so that lists have gaps."""

TOWN = {
    "accounts": """
CREATE SCHEMA bench;
INSERT INTO app.house_terms (default_provider, card_savers) VALUES ('sandbox', '{{sandbox}}');
INSERT INTO app.users (id, email, role, email_verified_at)
SELECT md5('specialist:' || n)::uuid, 'specialist.' || n || '@bench.example.org', 'specialist',
       now() FROM generate_series(1, {specialists}) n
UNION ALL
SELECT md5('client:' || n)::uuid, 'client.' || n || '@bench.example.org', 'client', now()
FROM generate_series(1, {clients}) n;
INSERT INTO app.profiles (user_id, full_name, time_zone)
SELECT id, initcap(replace(split_part(email, '@', 1), '.', ' ')), 'UTC' FROM app.users;
INSERT INTO app.user_sessions (id, user_id, family_id, token_hash, expires_at, family_expires_at)
SELECT md5('family:' || n)::uuid, md5('client:' || n)::uuid, md5('family:' || n)::uuid,
       sha256(('family:' || n)::bytea), now() + interval '30 days', now() + interval '90 days'
FROM generate_series(1, {clients}) n;
""",
    "specialists": """
INSERT INTO app.specialists (id, full_name, headline, bio, time_zone, is_verified, verified_at,
    rating_average, rating_count, from_price_minor, from_currency, next_open_at)
SELECT md5('specialist:' || n)::uuid, 'Specialist ' || n, 'Sessions about ' || md5('a' || n),
       repeat('Many years of practice. ', 10),
       (ARRAY['Asia/Dubai', 'Europe/Berlin', 'America/New_York', 'Asia/Kolkata', 'UTC',
              'Australia/Sydney'])[1 + n % 6],
       true, now(), 1 + (n % 400) / 100.0, n % 50, 5000 + n % 40 * 500, 'USD',
       now() + n % 500 * interval '1 hour'
FROM generate_series(1, {specialists}) n;
INSERT INTO app.calendars (specialist_id) SELECT id FROM app.specialists;
INSERT INTO app.specialist_specialties (specialist_id, specialty)
SELECT md5('specialist:' || n)::uuid, 'Field ' || (n * 7 + k * 13) % 120
FROM generate_series(1, {specialists}) n, generate_series(1, 2) k;
INSERT INTO app.specialist_languages (specialist_id, language)
SELECT md5('specialist:' || n)::uuid,
       (ARRAY['English', 'Arabic', 'Urdu', 'German', 'French', 'Hindi', 'Spanish'])[1 + (n + k) % 7]
FROM generate_series(1, {specialists}) n, generate_series(1, 2) k;
INSERT INTO app.specialist_rates (id, specialist_id, kind, name, price_minor, currency)
SELECT md5('rate:' || n)::uuid, md5('specialist:' || n)::uuid, 'standard', 'Session',
       5000 + n % 40 * 500, 'USD'
FROM generate_series(1, {specialists}) n;
INSERT INTO app.availability_rules (specialist_id, weekday, starts_minute, ends_minute,
    slot_minutes)
SELECT md5('specialist:' || n)::uuid, day, 540, 1020, 30
FROM generate_series(1, {specialists}) n, generate_series(1, 5) day;
""",
    "the plan of all sessions": f"""
CREATE UNLOGGED TABLE bench.sessions AS
SELECT n, md5('specialist:' || 1 + n % {{specialists}})::uuid AS specialist_id,
       md5('rate:' || 1 + n % {{specialists}})::uuid AS rate_id,
       md5('client:' || 1 + n * 7919::bigint % {{clients}})::uuid AS client_id,
       CASE WHEN n < {{ended}}
            THEN current_date - 1 - n / {{specialists}} / 8
                 + (9 + n / {{specialists}} % 8) * interval '1 hour'
            ELSE current_date + 1 + (n - {{ended}}) / {{specialists}}
                 + (6 + n % 8) * interval '1 hour' END AT TIME ZONE 'UTC' AS starts_at,
       CASE WHEN n >= {{ended}} THEN 'confirmed' WHEN n >= {{past}} THEN 'cancelled'
            WHEN n % 10 = 1 THEN 'no_show' ELSE 'completed' END AS status
FROM generate_series(0, {{ended}} + {UPCOMING} * {{specialists}} - 1) n;
ANALYZE bench.sessions;
""",
    "slots": """
INSERT INTO app.slots (id, specialist_id, rate_id, starts_at, ends_at, session_starts_at,
    session_ends_at, status, held_by, created_at)
SELECT md5('slot:' || n)::uuid, specialist_id, rate_id, starts_at,
       starts_at + interval '30 minutes', starts_at, starts_at + interval '30 minutes',
       CASE status WHEN 'cancelled' THEN 'released' ELSE 'booked' END, client_id,
       least(starts_at - interval '7 days', now())
FROM bench.sessions;
""",
    "bookings": """
INSERT INTO app.bookings (id, specialist_id, client_id, rate_id, slot_id, kind, status, starts_at,
    ends_at, price_minor, currency, policy, policy_tiers, booked_by, created_at)
SELECT md5('booking:' || n)::uuid, specialist_id, client_id, rate_id, md5('slot:' || n)::uuid,
       'standard', status, starts_at, starts_at + interval '30 minutes', 10000, 'USD', 'standard',
       app.policy_tiers('standard', NULL), client_id, least(starts_at - interval '7 days', now())
FROM bench.sessions;
INSERT INTO app.booking_cancellations (booking_id, specialist_id, client_id, cancelled_by,
    cancelled_by_kind, reason, cancellation_policy_applied, currency, created_at)
SELECT md5('booking:' || n)::uuid, specialist_id, client_id, client_id, 'client', 'Not needed.',
       'standard', 'USD', starts_at - interval '2 days'
FROM bench.sessions WHERE status = 'cancelled';
""",
    "history": """
INSERT INTO app.booking_status_history (booking_id, specialist_id, client_id, from_status,
    to_status, actor_id, actor_kind, at)
SELECT md5('booking:' || n)::uuid, specialist_id, client_id, move.before, move.after, client_id,
       'client', starts_at - move.ahead
FROM bench.sessions, LATERAL (VALUES
    (NULL, 'pending_payment', interval '7 days'),
    ('pending_payment', status, interval '6 days')) move (before, after, ahead);
""",
    "payments": """
INSERT INTO app.payments (id, booking_id, specialist_id, client_id, provider, provider_reference,
    status, amount_minor, currency, authorized_minor, captured_minor, created_at)
SELECT md5('payment:' || n)::uuid, md5('booking:' || n)::uuid, specialist_id, client_id, 'sandbox',
       'past_' || n, CASE status WHEN 'cancelled' THEN 'cancelled' ELSE 'paid' END, 10000, 'USD',
       10000, CASE status WHEN 'cancelled' THEN 0 ELSE 10000 END,
       least(starts_at - interval '7 days', now())
FROM bench.sessions;
INSERT INTO app.payment_actions (payment_id, specialist_id, client_id)
SELECT md5('payment:' || n)::uuid, specialist_id, client_id FROM bench.sessions;
INSERT INTO app.payment_operations (payment_id, kind, amount_minor, state, attempts, fence,
    first_sent_at, created_at)
SELECT md5('payment:' || n)::uuid, 'authorize', 10000, 'done', 1, 1,
       least(starts_at - interval '7 days', now()), least(starts_at - interval '7 days', now())
FROM bench.sessions;
DROP TABLE bench.sessions;
""",
    "packages": """
INSERT INTO app.booking_packages (specialist_id, rate_id, name, session_count, price_minor,
    currency, discount_percentage, valid_for_days)
SELECT md5('specialist:' || n)::uuid, md5('rate:' || n)::uuid, 'Package of ' || k * 4, k * 4,
       k * 40000, 'USD', 20, 365
FROM generate_series(1, {specialists}) n, generate_series(1, 5) k;
""",
}
