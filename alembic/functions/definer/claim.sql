-- The one door to the calendar (D3): claims are made, moved and released here and nowhere else.
-- Every function locks the calendar first and reads what the lock protects in a new statement.

CREATE FUNCTION app.claim(
    p_specialist uuid, p_rate uuid, p_starts_at timestamptz, p_status text,
    p_held_until timestamptz, p_held_by uuid, p_hold_token_hash bytea, p_own_slot uuid)
RETURNS app.slots
LANGUAGE plpgsql SECURITY DEFINER SET search_path = app, pg_catalog, pg_temp AS $$
DECLARE
    claimed app.slots;
BEGIN
    PERFORM 1 FROM app.calendars c WHERE c.specialist_id = p_specialist FOR UPDATE;
    claimed := app.claim_span(p_specialist, p_rate, app.bookable_minutes(p_specialist, p_rate),
        p_starts_at, p_status, p_held_until, p_held_by, p_hold_token_hash, p_own_slot);
    RETURN claimed;
END
$$;
COMMENT ON FUNCTION app.claim(uuid, uuid, timestamptz, text, timestamptz, uuid, bytea, uuid) IS
    'The span of that session is held or booked, and p_own_slot released; or a refusal: SPECIALIST_NOT_FOUND, NOT_ACCEPTING, RATE_NOT_FOUND, SLOT_TAKEN, DAY_FULL, SLOT_NOT_OFFERED.';
GRANT EXECUTE ON FUNCTION
    app.claim(uuid, uuid, timestamptz, text, timestamptz, uuid, bytea, uuid) TO consulta_worker;

-- What the engine offers, for a session of that length (NULL: the slot length of the window).
CREATE FUNCTION app.claim_span(
    p_specialist uuid, p_rate uuid, p_minutes integer, p_starts_at timestamptz, p_status text,
    p_held_until timestamptz, p_held_by uuid, p_hold_token_hash bytea, p_own_slot uuid)
RETURNS app.slots
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = app, pg_catalog, pg_temp
SET plan_cache_mode = force_generic_plan
AS $$
DECLARE
    moment timestamptz := app.now();
    offered record;
    claimed app.slots;
BEGIN
    SELECT o.* INTO offered
    FROM app.open_slots(p_specialist, p_starts_at, p_starts_at + interval '1 microsecond', p_minutes,
        p_own_slot, moment) o;
    IF NOT FOUND THEN
        PERFORM app.refuse(app.claim_refusal(p_specialist, p_minutes, p_starts_at, p_own_slot));
    END IF;
    PERFORM app.clear_the_way(
        p_specialist, offered.claim_starts_at, offered.claim_ends_at, p_own_slot);
    INSERT INTO app.slots (specialist_id, rate_id, starts_at, ends_at, session_starts_at,
        session_ends_at, status, held_until, held_by, hold_token_hash)
    VALUES (p_specialist, p_rate, offered.claim_starts_at, offered.claim_ends_at,
        offered.starts_at, offered.ends_at, p_status,
        CASE WHEN p_status = 'held' THEN p_held_until END, p_held_by, p_hold_token_hash)
    RETURNING * INTO claimed;
    UPDATE app.calendars SET revision = revision + 1, updated_at = moment
    WHERE specialist_id = p_specialist;
    RETURN claimed;
END
$$;
COMMENT ON FUNCTION app.claim_span(uuid, uuid, integer, timestamptz, text, timestamptz, uuid, bytea, uuid) IS
    'As app.claim, for so many minutes whatever the rate says now. The caller has the calendar''s lock.';

-- The specialist's own word stands in for hours, notice, horizon and the cap of the day; another
-- claim it cannot push aside, and the past it cannot book.
CREATE FUNCTION app.claim_anyway(
    p_specialist uuid, p_rate uuid, p_minutes integer, p_starts_at timestamptz, p_status text,
    p_held_until timestamptz, p_held_by uuid, p_own_slot uuid)
RETURNS app.slots
LANGUAGE plpgsql SECURITY DEFINER SET search_path = app, pg_catalog, pg_temp AS $$
DECLARE
    span record;
    claimed app.slots;
BEGIN
    SELECT s.* INTO span
    FROM app.span_anyway(p_specialist, p_minutes, p_starts_at, p_own_slot) s;
    PERFORM app.clear_the_way(p_specialist, span.claim_starts_at, span.claim_ends_at, p_own_slot);
    INSERT INTO app.slots (specialist_id, rate_id, starts_at, ends_at, session_starts_at,
        session_ends_at, status, held_until, held_by)
    VALUES (p_specialist, p_rate, span.claim_starts_at, span.claim_ends_at, p_starts_at,
        span.ends_at, p_status, CASE WHEN p_status = 'held' THEN p_held_until END, p_held_by)
    RETURNING * INTO claimed;
    UPDATE app.calendars SET revision = revision + 1, updated_at = app.now()
    WHERE specialist_id = p_specialist;
    RETURN claimed;
END
$$;
COMMENT ON FUNCTION app.claim_anyway(uuid, uuid, integer, timestamptz, text, timestamptz, uuid, uuid) IS
    'The span is claimed wherever nothing else is: hours, notice, horizon and cap left aside. SLOT_TAKEN, BOOKING_IN_PAST. The caller has the calendar''s lock and the right to say so.';

CREATE FUNCTION app.span_anyway(
    p_specialist uuid, p_minutes integer, p_starts_at timestamptz, p_own_slot uuid)
RETURNS TABLE (ends_at timestamptz, claim_starts_at timestamptz, claim_ends_at timestamptz)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = app, pg_catalog, pg_temp AS $$
DECLARE
    page app.specialists;
    hours record;
BEGIN
    IF p_starts_at <= app.now() THEN
        PERFORM app.refuse('BOOKING_IN_PAST');
    END IF;
    SELECT * INTO page FROM app.specialists s WHERE s.id = p_specialist;
    SELECT w.slot_minutes, w.buffer_minutes INTO hours
    FROM app.window_at(p_specialist, p_starts_at, page.time_zone) w;
    ends_at := p_starts_at + make_interval(mins => coalesce(p_minutes, hours.slot_minutes, 30));
    claim_starts_at := p_starts_at - make_interval(mins => page.buffer_before_minutes);
    claim_ends_at := ends_at + make_interval(mins => coalesce(hours.buffer_minutes, 0));
    IF app.is_taken(p_specialist, claim_starts_at, claim_ends_at, p_own_slot) THEN
        PERFORM app.refuse('SLOT_TAKEN');
    END IF;
    RETURN NEXT;
END
$$;
COMMENT ON FUNCTION app.span_anyway(uuid, integer, timestamptz, uuid) IS
    'The span that such a claim would take, p_own_slot left out; or SLOT_TAKEN, BOOKING_IN_PAST.';

CREATE FUNCTION app.bookable_minutes(p_specialist uuid, p_rate uuid) RETURNS integer
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = app, pg_catalog, pg_temp AS $$
DECLARE
    verified boolean;
    accepting boolean;
    found_rate uuid;
    minutes integer;
BEGIN
    SELECT s.is_verified, s.is_accepting, r.id, r.duration_minutes
    INTO verified, accepting, found_rate, minutes
    FROM app.specialists s
    LEFT JOIN app.specialist_rates r
      ON r.id = p_rate AND r.specialist_id = s.id AND r.is_active
    WHERE s.id = p_specialist;
    IF verified IS NOT TRUE THEN
        PERFORM app.refuse('SPECIALIST_NOT_FOUND');
    ELSIF NOT accepting THEN
        PERFORM app.refuse('NOT_ACCEPTING');
    ELSIF found_rate IS NULL THEN
        PERFORM app.refuse('RATE_NOT_FOUND');
    END IF;
    RETURN minutes;
END
$$;
COMMENT ON FUNCTION app.bookable_minutes(uuid, uuid) IS
    'The length of that rate''s session, NULL for the slot length; refuses what cannot be booked at all.';
GRANT EXECUTE ON FUNCTION app.bookable_minutes(uuid, uuid) TO consulta_worker;

-- Only a start that the engine refused comes here, so this names the reason and decides nothing.
CREATE FUNCTION app.claim_refusal(
    p_specialist uuid, p_minutes integer, p_starts_at timestamptz, p_own_slot uuid)
RETURNS text
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = app, pg_catalog, pg_temp AS $$
DECLARE
    reasons text[] := app.slot_reasons(p_specialist, p_minutes, p_starts_at, p_own_slot);
BEGIN
    RETURN CASE
        WHEN 'taken' = ANY (reasons) THEN 'SLOT_TAKEN'
        WHEN 'day_full' = ANY (reasons) THEN 'DAY_FULL'
        ELSE 'SLOT_NOT_OFFERED' END;
END
$$;
COMMENT ON FUNCTION app.claim_refusal(uuid, integer, timestamptz, uuid) IS
    'Why a start that the engine does not offer is refused: SLOT_TAKEN, DAY_FULL or SLOT_NOT_OFFERED.';
GRANT EXECUTE ON FUNCTION app.claim_refusal(uuid, integer, timestamptz, uuid) TO consulta_worker;

CREATE FUNCTION app.sessions_on(p_specialist uuid, p_day date, p_zone text, p_own_slot uuid)
RETURNS bigint
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = app, pg_catalog, pg_temp AS $$
    SELECT count(*) FROM app.slots c
    WHERE c.specialist_id = p_specialist AND c.status IN ('held', 'booked')
      AND (c.status = 'booked' OR c.held_until > app.now()) AND c.id IS DISTINCT FROM p_own_slot
      AND c.ends_at > p_day::timestamp AT TIME ZONE p_zone - interval '4 hours'
      AND c.starts_at < (p_day + 1)::timestamp AT TIME ZONE p_zone + interval '4 hours'
      AND (c.session_starts_at AT TIME ZONE p_zone)::date = p_day
$$;
COMMENT ON FUNCTION app.sessions_on(uuid, date, text, uuid) IS
    'How many live sessions begin on that local date, the own claim left out.';

CREATE FUNCTION app.clear_the_way(
    p_specialist uuid, p_from timestamptz, p_to timestamptz, p_own_slot uuid)
RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = app, pg_catalog, pg_temp AS $$
DECLARE
    lapsed record;
BEGIN
    IF p_own_slot IS NOT NULL THEN
        UPDATE app.slots s SET status = 'released'
        WHERE s.id = p_own_slot AND s.specialist_id = p_specialist AND s.status <> 'released';
    END IF;
    FOR lapsed IN
        SELECT s.id, b.id AS booking_id
        FROM app.slots s
        LEFT JOIN app.bookings b ON b.slot_id = s.id
             AND b.status IN ('pending_payment', 'awaiting_confirmation', 'confirmed')
        -- Only the calendar's own index serves: see app.hold_of.
        WHERE s.specialist_id = p_specialist AND s.status IN ('held', 'booked')
          AND s.status <> 'booked' AND s.held_until <= app.now()
          AND s.ends_at > p_from AND s.starts_at < p_to
        ORDER BY b.id
    LOOP
        IF lapsed.booking_id IS NULL THEN
            UPDATE app.slots s SET status = 'released' WHERE s.id = lapsed.id;
        ELSIF NOT app.expire_booking(lapsed.booking_id) THEN
            -- Its money is under way: the booking still stands, and the span with it.
            PERFORM app.refuse('SLOT_TAKEN');
        END IF;
    END LOOP;
END
$$;
COMMENT ON FUNCTION app.clear_the_way(uuid, timestamptz, timestamptz, uuid) IS
    'The own claim and lapsed holds in that span are released, unpaid bookings that owned one expired. The caller has the calendar''s lock.';

CREATE FUNCTION app.move(p_slot uuid, p_rate uuid, p_starts_at timestamptz) RETURNS app.slots
LANGUAGE plpgsql SECURITY DEFINER SET search_path = app, pg_catalog, pg_temp AS $$
DECLARE
    owner uuid;
    old_claim app.slots;
BEGIN
    SELECT s.specialist_id INTO owner FROM app.slots s WHERE s.id = p_slot;
    PERFORM 1 FROM app.calendars c WHERE c.specialist_id = owner FOR UPDATE;
    SELECT * INTO old_claim FROM app.slots s WHERE s.id = p_slot;
    IF old_claim.status IS NULL OR old_claim.status = 'released'
       OR old_claim.status = 'held' AND old_claim.held_until <= app.now() THEN
        PERFORM app.refuse('SLOT_NOT_FOUND');
    END IF;
    RETURN app.claim(owner, p_rate, p_starts_at, old_claim.status, old_claim.held_until,
        old_claim.held_by, old_claim.hold_token_hash, p_slot);
END
$$;
COMMENT ON FUNCTION app.move(uuid, uuid, timestamptz) IS
    'A new claim at that start with the state of the old one, which is released; a refusal changes nothing. SLOT_NOT_FOUND: the old one is not live.';
GRANT EXECUTE ON FUNCTION app.move(uuid, uuid, timestamptz) TO consulta_worker;

CREATE FUNCTION app.release(p_slot uuid) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = app, pg_catalog, pg_temp AS $$
DECLARE
    owner uuid;
BEGIN
    SELECT s.specialist_id INTO owner FROM app.slots s WHERE s.id = p_slot;
    PERFORM 1 FROM app.calendars c WHERE c.specialist_id = owner FOR UPDATE;
    UPDATE app.slots s SET status = 'released' WHERE s.id = p_slot AND s.status <> 'released';
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    UPDATE app.calendars SET revision = revision + 1, updated_at = app.now()
    WHERE specialist_id = owner;
    RETURN true;
END
$$;
COMMENT ON FUNCTION app.release(uuid) IS
    'The span is free; true if this call freed it. Released already, or absent: false and nothing happens.';
GRANT EXECUTE ON FUNCTION app.release(uuid) TO consulta_worker;
