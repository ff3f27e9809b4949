-- The dispatch of series (D13): ordinary bookings for the due dates of many series, in a few
-- statements over temporary tables. It has the worker's own rights; one call in a transaction.

CREATE FUNCTION app.dispatch_pages()
RETURNS TABLE (
    specialist_id uuid, time_zone text, confirmation_hours smallint,
    cancellation_policy text, cancellation_tiers jsonb, is_accepting boolean,
    minimum_notice_minutes integer, today date, horizon timestamp)
LANGUAGE sql STABLE AS $$
    SELECT s.id, s.time_zone, s.confirmation_hours, s.cancellation_policy, s.cancellation_tiers,
           s.is_verified AND s.is_accepting, s.minimum_notice_minutes,
           (app.now() AT TIME ZONE s.time_zone)::date,
           (app.now() + s.horizon_days * interval '24 hours') AT TIME ZONE s.time_zone
    FROM app.specialists s
$$;
COMMENT ON FUNCTION app.dispatch_pages() IS
    'What a dispatch needs to know of each specialist; today and the horizon are on the own clock.';

CREATE FUNCTION app.series_due_until(
    p_today date, p_horizon timestamp, p_notice_minutes integer, p_time time, p_lead_days integer)
RETURNS date
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT least(p_today + greatest(p_lead_days, (p_notice_minutes + 1439) / 1440 + 1),
                 (p_horizon - p_time::interval)::date)
$$;
COMMENT ON FUNCTION app.series_due_until(date, timestamp, integer, time, integer) IS
    'The last local date that is to be booked by now: p_lead_days ahead, or further where minimum notice asks for it, but nothing that starts beyond the horizon.';

CREATE FUNCTION app.due_series(p_lead_days integer, p_except uuid[], p_limit integer)
RETURNS TABLE (series_id uuid, specialist_id uuid)
LANGUAGE sql STABLE AS $$
    SELECT r.id, r.specialist_id
    FROM app.recurring_bookings r
    -- Clocks are asked once a specialist, not once a series.
    JOIN (SELECT * FROM app.dispatch_pages() OFFSET 0) p ON p.specialist_id = r.specialist_id
    -- First what rules most of them out: a bound that is the same for all.
    WHERE r.next_booking_date <= (app.now() AT TIME ZONE 'UTC')::date + 1 + greatest(p_lead_days,
          ((SELECT max(s.minimum_notice_minutes) FROM app.specialists s) + 1439) / 1440 + 1)
      AND r.is_active
      AND (r.next_attempt_at IS NULL OR r.next_attempt_at <= app.now())
      AND r.next_booking_date <= app.series_due_until(
          p.today, p.horizon, p.minimum_notice_minutes, r.local_time, p_lead_days)
      -- Nothing is booked, or charged, in the name of somebody whose account is closed.
      AND r.client_id IN (SELECT u.id FROM app.users u WHERE u.is_active)
      AND r.specialist_id IN (SELECT u.id FROM app.users u WHERE u.is_active)
      AND r.id <> ALL (p_except)
    ORDER BY r.specialist_id, r.created_at, r.id
    LIMIT least(p_limit, 100000)
$$;
COMMENT ON FUNCTION app.due_series(integer, uuid[], integer) IS
    'Active series with a date to be booked now, those of one calendar side by side; at most 100,000.';

CREATE FUNCTION app.dispatch_series(
    p_series uuid[], p_lead_days integer, p_provider text, p_actor text)
RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
    undecided bigint := app.plan_dispatch(p_series, p_lead_days, p_provider);
    round integer := 0;
BEGIN
    -- Each round decides at least one date of every calendar that still has any.
    WHILE undecided > 0 LOOP
        round := round + 1;
        PERFORM app.claim_dispatched(round);
        SELECT count(*) INTO undecided FROM pg_temp.dispatch_dates d
        WHERE d.outcome IS NULL AND d.n NOT IN (SELECT c.n FROM pg_temp.dispatch_claims c);
    END LOOP;
    PERFORM app.book_dispatched();
    PERFORM app.tell_dispatched(p_actor);
    PERFORM app.move_series_on(p_actor);
    RETURN app.dispatch_report();
END
$$;
COMMENT ON FUNCTION app.dispatch_series(uuid[], integer, text, text) IS
    'The due dates of those series, at most eight of each, have their bookings or the reasons why there are none, and the series have moved on; app.dispatch_report says what was done. Series and calendars that others hold are left out, and what is no longer due. p_provider takes the money unless the specialist has chosen another.';

-- The locks, each in a statement of its own, and then what they protect: the dates as they stand.
CREATE FUNCTION app.plan_dispatch(p_series uuid[], p_lead_days integer, p_provider text)
RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
    calendars uuid[];
    series uuid[];
    undecided bigint;
BEGIN
    -- Nobody is waited for: a calendar in which somebody books just now is left for the next batch.
    calendars := ARRAY(
        SELECT c.specialist_id FROM app.calendars c
        WHERE c.specialist_id IN (
            SELECT r.specialist_id FROM app.recurring_bookings r WHERE r.id = ANY (p_series))
        ORDER BY c.specialist_id FOR UPDATE SKIP LOCKED);
    PERFORM 1 FROM app.package_purchases q
    WHERE q.specialist_id = ANY (calendars) AND q.id IN (
        SELECT r.package_purchase_id FROM app.recurring_bookings r
        WHERE r.id = ANY (p_series) AND r.package_purchase_id IS NOT NULL)
    ORDER BY q.id FOR UPDATE;
    series := ARRAY(
        SELECT r.id FROM app.recurring_bookings r
        WHERE r.id = ANY (p_series) AND r.specialist_id IN (SELECT unnest(calendars))
        FOR UPDATE SKIP LOCKED);
    CREATE TEMP TABLE dispatch_calendars ON COMMIT DROP AS
    SELECT p.*, t.provider AS paid_by, t.account AS paid_through,
           app.policy_tiers(p.cancellation_policy, p.cancellation_tiers) AS policy_tiers,
           EXISTS (SELECT 1 FROM app.availability_rules a
                   WHERE a.specialist_id = p.specialist_id AND a.is_active
                     AND a.max_bookings_per_day IS NOT NULL) AS is_capped
    FROM app.dispatch_pages() p
    JOIN app.tills_of(calendars, p_provider) t ON t.specialist_id = p.specialist_id
    WHERE p.specialist_id = ANY (calendars);
    ANALYZE pg_temp.dispatch_calendars;
    PERFORM app.date_dispatch(series, p_lead_days);
    CREATE TEMP TABLE dispatch_claims (
        n integer, round integer, booking_id uuid, slot_id uuid, starts_at timestamptz,
        ends_at timestamptz, claim_starts_at timestamptz, claim_ends_at timestamptz)
    ON COMMIT DROP;
    CREATE TEMP TABLE dispatch_offers (
        specialist_id uuid, duration_minutes integer, starts_at timestamptz, ends_at timestamptz,
        claim_starts_at timestamptz, claim_ends_at timestamptz)
    ON COMMIT DROP;
    SELECT count(*) INTO undecided FROM pg_temp.dispatch_dates d WHERE d.outcome IS NULL;
    RETURN undecided;
END
$$;
COMMENT ON FUNCTION app.plan_dispatch(uuid[], integer, text) IS
    'Of those series, what nobody else holds is locked, and its due dates stand in temporary tables; how many of them the calendar is to decide on.';

-- Of each calendar earlier series come first, and of each the earlier date. Calendar by calendar,
-- because what is written side by side lands on the same pages. An outcome is set where the calendar
-- need not be asked: none (past the end), known (left out), skipped, or waits for a rate.
CREATE FUNCTION app.date_dispatch(p_series uuid[], p_lead_days integer) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    moment timestamptz := app.now();
BEGIN
    CREATE TEMP TABLE dispatch_dates ON COMMIT DROP AS
    SELECT row_number() OVER (
               ORDER BY q.specialist_id, q.created_at, q.series_id, q.local_date)::integer AS n, q.*,
           CASE WHEN q.local_date IS NULL THEN 'none' WHEN q.is_known THEN 'known'
                WHEN q.starts_at <= moment THEN 'skipped' WHEN NOT q.is_accepting THEN 'skipped'
                WHEN NOT q.has_rate THEN 'waits' END AS outcome,
           CASE WHEN q.local_date IS NULL OR q.is_known THEN NULL
                WHEN q.starts_at <= moment AND NOT q.has_rate THEN 'no_rate'
                WHEN q.starts_at <= moment THEN 'in_the_past'
                WHEN NOT q.is_accepting THEN 'not_accepting' END AS reason,
           CASE WHEN coalesce(q.paid_by, 'manual') <> 'manual' THEN 'pending_payment'
                WHEN q.is_accepted THEN 'confirmed' ELSE 'awaiting_confirmation' END AS opening,
           CASE WHEN coalesce(q.paid_by, 'manual') <> 'manual' THEN app.pay_by(q.starts_at)
                WHEN NOT q.is_accepted THEN least(q.starts_at, moment
                    + q.confirmation_hours * interval '1 hour') END AS expires_at
    FROM (
        SELECT r.id AS series_id, r.specialist_id, r.client_id, r.rate_id, r.revision, r.frequency,
               r.anchor_day, r.next_booking_date, r.end_date, r.note, r.created_by, r.created_at,
               r.package_purchase_id, r.saved_method_id, r.accepted_at IS NOT NULL AS is_accepted,
               d.local_date, app.series_start(d.local_date, r.local_time, c.time_zone) AS starts_at,
               EXISTS (SELECT 1 FROM app.recurring_booking_occurrences o
                       WHERE o.recurring_booking_id = r.id AND o.local_date = d.local_date)
                   AS is_known,
               q.kind, q.duration_minutes, q.price_minor, q.currency, q.is_active AS has_rate,
               CASE WHEN r.payment_mode = 'package' OR q.price_minor = 0 THEN NULL
                    WHEN r.payment_mode = 'manual' THEN 'manual'
                    ELSE coalesce(m.provider, c.paid_by) END AS paid_by,
               CASE WHEN r.payment_mode = 'manual' THEN ''
                    ELSE coalesce(m.account, c.paid_through) END AS paid_through,
               c.is_accepting, c.is_capped, c.confirmation_hours
        FROM unnest(p_series) chosen (id)
        -- One by one, by their own key: an index of all series is long.
        CROSS JOIN LATERAL (
            SELECT * FROM app.recurring_bookings r WHERE r.id = chosen.id OFFSET 0) r
        JOIN pg_temp.dispatch_calendars c ON c.specialist_id = r.specialist_id
        JOIN app.specialist_rates q ON q.id = r.rate_id
        LEFT JOIN app.saved_methods m ON m.id = r.saved_method_id
        CROSS JOIN LATERAL (
            SELECT app.series_due_until(c.today, c.horizon, c.minimum_notice_minutes, r.local_time,
                p_lead_days) AS until OFFSET 0) u
        -- They are a week apart at least: no more are made than can be due.
        LEFT JOIN LATERAL app.series_dates(r.frequency, r.anchor_day, r.next_booking_date,
            least(u.until, r.end_date),
            least((u.until - r.next_booking_date) / 7 + 1, 8)) d ON true
        WHERE r.is_active
          AND (r.next_attempt_at IS NULL OR r.next_attempt_at <= moment)
          AND r.next_booking_date <= u.until
        OFFSET 0) q;
    ANALYZE pg_temp.dispatch_dates (n, specialist_id, starts_at, outcome, is_capped,
        package_purchase_id);
END
$$;
COMMENT ON FUNCTION app.date_dispatch(uuid[], integer) IS
    'The due dates of those series stand in a temporary table, with what their bookings will be. The caller has the locks.';

-- One round: the engine is asked, and what it offers is claimed. Where dates depend on each other,
-- because spans overlap, a day is capped or a package runs out, only the first of them is decided
-- now: the others are asked about anew when its claim stands.
CREATE FUNCTION app.claim_dispatched(p_round integer) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    moment timestamptz := app.now();
BEGIN
    PERFORM app.skip_without_credit();
    -- The engine is asked once a calendar and week, not once a date.
    DELETE FROM pg_temp.dispatch_offers;
    INSERT INTO pg_temp.dispatch_offers
    SELECT w.specialist_id, w.duration_minutes, o.starts_at, o.ends_at, o.claim_starts_at,
           o.claim_ends_at
    FROM (
        SELECT d.specialist_id, d.duration_minutes, array_agg(d.starts_at) AS starts,
               min(d.starts_at) AS earliest,
               max(d.starts_at) + interval '1 microsecond' AS latest
        FROM pg_temp.dispatch_dates d
        WHERE d.outcome IS NULL AND d.n NOT IN (SELECT c.n FROM pg_temp.dispatch_claims c)
        GROUP BY d.specialist_id, d.duration_minutes,
                 date_trunc('week', d.local_date::timestamp)
        OFFSET 0) w
    CROSS JOIN LATERAL app.open_slots(w.specialist_id, w.earliest, w.latest,
        w.duration_minutes, NULL, moment) o
    WHERE o.starts_at = ANY (w.starts);
    -- Unless the planner knows how many they are, it compares each of them with each date.
    ANALYZE pg_temp.dispatch_offers;
    -- One new id serves a booking, its claim and the first rows about it: making ids is not free.
    INSERT INTO pg_temp.dispatch_claims
    SELECT q.n, p_round, q.id, q.id, q.starts_at, q.ends_at, q.claim_starts_at, q.claim_ends_at
    FROM (
        SELECT d.n, app.new_id() AS id, o.starts_at, o.ends_at, o.claim_starts_at, o.claim_ends_at
        FROM pg_temp.dispatch_dates d
        LEFT JOIN pg_temp.dispatch_offers o
          ON o.specialist_id = d.specialist_id AND o.starts_at = d.starts_at
             AND coalesce(o.duration_minutes, 0) = coalesce(d.duration_minutes, 0)
        WHERE d.outcome IS NULL AND d.n NOT IN (SELECT c.n FROM pg_temp.dispatch_claims c)
          AND (NOT d.is_capped OR d.n IN (
              SELECT min(e.n) FROM pg_temp.dispatch_dates e
              WHERE e.is_capped AND e.outcome IS NULL
                AND e.n NOT IN (SELECT c.n FROM pg_temp.dispatch_claims c)
              GROUP BY e.specialist_id, e.local_date))
          AND (d.package_purchase_id IS NULL OR d.n IN (
              SELECT min(e.n) FROM pg_temp.dispatch_dates e
              WHERE e.package_purchase_id IS NOT NULL AND e.outcome IS NULL
                AND e.n NOT IN (SELECT c.n FROM pg_temp.dispatch_claims c)
              GROUP BY e.package_purchase_id))
        ORDER BY d.n
        OFFSET 0) q;
    ANALYZE pg_temp.dispatch_claims (n, round);
    UPDATE pg_temp.dispatch_dates d
    SET outcome = 'skipped',
        reason = CASE app.claim_refusal(d.specialist_id, d.duration_minutes, d.starts_at, NULL)
            WHEN 'SLOT_TAKEN' THEN 'taken' WHEN 'DAY_FULL' THEN 'day_full' ELSE 'closed' END
    FROM pg_temp.dispatch_claims c
    WHERE c.n = d.n AND c.starts_at IS NULL;
    DELETE FROM pg_temp.dispatch_claims c WHERE c.starts_at IS NULL;
    -- Of spans that hang together, the first one stays.
    DELETE FROM pg_temp.dispatch_claims c
    USING (
        SELECT s.n, row_number() OVER (PARTITION BY s.specialist_id, s.cluster ORDER BY s.n)
                   AS place
        FROM (
            SELECT t.*, count(*) FILTER (WHERE t.is_apart) OVER (
                PARTITION BY t.specialist_id ORDER BY t.claim_starts_at, t.n) AS cluster
            FROM (
                SELECT c.n, d.specialist_id, c.claim_starts_at,
                       c.claim_starts_at >= max(c.claim_ends_at) OVER (
                           PARTITION BY d.specialist_id ORDER BY c.claim_starts_at, c.n
                           ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS is_apart
                FROM pg_temp.dispatch_claims c JOIN pg_temp.dispatch_dates d ON d.n = c.n
                WHERE c.round = p_round) t) s) later
    WHERE later.n = c.n AND later.place > 1;
    PERFORM app.clear_dispatched(p_round);
    INSERT INTO app.slots (id, specialist_id, rate_id, starts_at, ends_at, session_starts_at,
        session_ends_at, status, held_until, held_by)
    SELECT c.slot_id, d.specialist_id, d.rate_id, c.claim_starts_at, c.claim_ends_at, c.starts_at,
           c.ends_at, CASE d.opening WHEN 'pending_payment' THEN 'held' ELSE 'booked' END,
           CASE d.opening WHEN 'pending_payment' THEN d.expires_at END, d.client_id
    FROM pg_temp.dispatch_claims c JOIN pg_temp.dispatch_dates d ON d.n = c.n
    WHERE c.round = p_round
    ORDER BY d.n;
END
$$;
COMMENT ON FUNCTION app.claim_dispatched(integer) IS
    'At least one more date of each calendar is decided: its claim stands, or the date is skipped.';

CREATE FUNCTION app.skip_without_credit() RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    UPDATE pg_temp.dispatch_dates d SET outcome = 'skipped', reason = 'no_credit'
    FROM (
        SELECT e.n FROM pg_temp.dispatch_dates e
        LEFT JOIN app.package_purchases q
          ON q.id = e.package_purchase_id AND q.status = 'active' AND q.rate_id = e.rate_id
             AND coalesce(q.valid_until > app.now(), true)
        LEFT JOIN (
            SELECT f.package_purchase_id, count(*) AS credits FROM pg_temp.dispatch_claims c
            JOIN pg_temp.dispatch_dates f ON f.n = c.n
            GROUP BY f.package_purchase_id) spent
          ON spent.package_purchase_id = e.package_purchase_id
        WHERE e.package_purchase_id IS NOT NULL AND e.outcome IS NULL
          AND e.n NOT IN (SELECT c.n FROM pg_temp.dispatch_claims c)
          AND coalesce(q.credits_left, 0) <= coalesce(spent.credits, 0)
        OFFSET 0) poor
    WHERE poor.n = d.n;
END
$$;
COMMENT ON FUNCTION app.skip_without_credit() IS
    'Dates that were to be paid from a package without a credit left are skipped.';

-- As app.clear_the_way does it for one claim.
CREATE FUNCTION app.clear_dispatched(p_round integer) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    lapsed record;
BEGIN
    FOR lapsed IN
        SELECT DISTINCT s.id, s.specialist_id, s.starts_at, s.ends_at, b.id AS booking_id
        FROM pg_temp.dispatch_claims c
        JOIN pg_temp.dispatch_dates d ON d.n = c.n
        -- Calendar by calendar, and only its own index serves (see app.hold_of): left to itself the
        -- planner expects so few that it reads the claims of all calendars.
        CROSS JOIN LATERAL (
            SELECT * FROM app.slots s
            WHERE s.specialist_id = d.specialist_id AND s.status IN ('held', 'booked')
              AND s.ends_at > c.claim_starts_at AND s.starts_at < c.claim_ends_at
            OFFSET 0) s
        LEFT JOIN app.bookings b ON b.slot_id = s.id
             AND b.status IN ('pending_payment', 'awaiting_confirmation', 'confirmed')
        WHERE c.round = p_round AND s.status <> 'booked' AND s.held_until <= app.now()
        ORDER BY b.id
    LOOP
        IF lapsed.booking_id IS NULL THEN
            UPDATE app.slots s SET status = 'released' WHERE s.id = lapsed.id;
        ELSIF NOT app.expire_booking(lapsed.booking_id) THEN
            -- Its money is under way: the booking still stands, and the span with it.
            WITH refused AS (
                DELETE FROM pg_temp.dispatch_claims c USING pg_temp.dispatch_dates d
                WHERE c.round = p_round AND d.n = c.n AND d.specialist_id = lapsed.specialist_id
                  AND c.claim_starts_at < lapsed.ends_at AND c.claim_ends_at > lapsed.starts_at
                RETURNING c.n)
            UPDATE pg_temp.dispatch_dates d SET outcome = 'skipped', reason = 'taken'
            FROM refused r WHERE r.n = d.n;
        END IF;
    END LOOP;
END
$$;
COMMENT ON FUNCTION app.clear_dispatched(integer) IS
    'No lapsed hold is in the way of the new claims; those that an unpaid booking still stands in the way of are given up.';

GRANT EXECUTE ON FUNCTION app.dispatch_pages(),
    app.series_due_until(date, timestamp, integer, time, integer),
    app.due_series(integer, uuid[], integer),
    app.dispatch_series(uuid[], integer, text, text),
    app.plan_dispatch(uuid[], integer, text), app.date_dispatch(uuid[], integer),
    app.claim_dispatched(integer), app.skip_without_credit(), app.clear_dispatched(integer)
    TO consulta_worker;
