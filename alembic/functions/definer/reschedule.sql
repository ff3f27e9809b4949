-- Moving a session in time: the booking keeps its id, its payment and its history.

CREATE FUNCTION app.reschedule_booking(
    p_booking uuid, p_starts_at timestamptz, p_revision integer, p_anyway boolean, p_reason text)
RETURNS jsonb
LANGUAGE plpgsql SECURITY DEFINER SET search_path = app, pg_catalog, pg_temp AS $$
DECLARE
    booking app.bookings := app.lock_movable(p_booking);
    mover text := app.party_of(booking);
    was_asked boolean;
BEGIN
    IF p_anyway AND mover = 'client' THEN
        PERFORM app.refuse('FORBIDDEN');
    ELSIF booking.revision <> p_revision THEN
        PERFORM app.refuse('BOOKING_CHANGED');
    ELSIF p_starts_at = booking.starts_at THEN
        RETURN app.move_told(booking, booking, mover);
    END IF;
    was_asked := EXISTS (
        SELECT 1 FROM app.booking_proposals p
        WHERE p.booking_id = booking.id AND p.state = 'open' AND p.starts_at = p_starts_at);
    UPDATE app.booking_proposals p
    SET state = CASE WHEN mover = 'client' AND p.starts_at = p_starts_at THEN 'accepted'
                     ELSE 'replaced' END
    WHERE p.booking_id = booking.id AND p.state = 'open';
    RETURN app.move_told(booking, app.move_booking(booking, p_starts_at, p_anyway, app.user_id(),
        mover, p_reason, mover = 'client' AND NOT was_asked), mover);
END
$$;
COMMENT ON FUNCTION app.reschedule_booking(uuid, timestamptz, integer, boolean, text) IS
    'The booking stands at that start with the length it had, its old span free; or a refusal and nothing changes: BOOKING_NOT_FOUND, ALREADY_CANCELLED, BOOKING_IN_PAST, BOOKING_CHANGED, FORBIDDEN, TOO_MANY_MOVES, NOT_ACCEPTING, SLOT_TAKEN, DAY_FULL, SLOT_NOT_OFFERED.';
GRANT EXECUTE ON FUNCTION app.reschedule_booking(uuid, timestamptz, integer, boolean, text)
    TO consulta_user, consulta_admin;

CREATE FUNCTION app.lock_movable(p_booking uuid) RETURNS app.bookings
LANGUAGE plpgsql SECURITY DEFINER SET search_path = app, pg_catalog, pg_temp AS $$
DECLARE
    moment timestamptz := app.now();
    me uuid := app.user_id();
    owner uuid;
    booking app.bookings;
BEGIN
    SELECT b.specialist_id INTO owner FROM app.bookings b
    WHERE b.id = p_booking AND (app.caller_role() = 'consulta_admin'
                                OR b.client_id = me OR b.specialist_id = me);
    IF owner IS NULL THEN
        PERFORM app.refuse('BOOKING_NOT_FOUND');
    END IF;
    PERFORM 1 FROM app.calendars c WHERE c.specialist_id = owner FOR UPDATE;
    SELECT * INTO booking FROM app.bookings b WHERE b.id = p_booking FOR UPDATE;
    IF booking.status IN ('cancelled', 'declined', 'expired', 'refunded') THEN
        PERFORM app.refuse('ALREADY_CANCELLED');
    ELSIF booking.status IN ('completed', 'no_show') OR booking.starts_at <= moment THEN
        PERFORM app.refuse('BOOKING_IN_PAST');
    ELSIF booking.status <> 'confirmed' AND booking.expires_at <= moment
          AND NOT app.is_charged(booking.id) THEN
        -- Overdue: whatever comes by next expires it.
        PERFORM app.refuse('ALREADY_CANCELLED');
    ELSIF NOT EXISTS (
        SELECT 1 FROM app.slots s WHERE s.id = booking.slot_id
          AND (s.status = 'booked' OR s.status = 'held' AND s.held_until > moment)) THEN
        PERFORM app.refuse('ALREADY_CANCELLED');
    END IF;
    RETURN booking;
END
$$;
COMMENT ON FUNCTION app.lock_movable(uuid) IS
    'That booking of the caller, which still stands and lies ahead; it and its calendar are locked. BOOKING_NOT_FOUND, ALREADY_CANCELLED, BOOKING_IN_PAST.';

CREATE FUNCTION app.party_of(p_booking app.bookings) RETURNS text
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = app, pg_catalog, pg_temp AS $$
    SELECT CASE WHEN app.caller_role() = 'consulta_admin' THEN 'admin'
                WHEN app.user_id() = p_booking.specialist_id THEN 'specialist'
                ELSE 'client' END
$$;
COMMENT ON FUNCTION app.party_of(app.bookings) IS
    'As what the caller acts on a booking of which he is known to be a party.';

-- p_by_client: whose wish it is, which decides about the refund tiers; p_kind is who did it.
CREATE FUNCTION app.move_booking(
    p_booking app.bookings, p_starts_at timestamptz, p_anyway boolean, p_mover uuid, p_kind text,
    p_reason text, p_by_client boolean)
RETURNS app.bookings
LANGUAGE plpgsql SECURITY DEFINER SET search_path = app, pg_catalog, pg_temp AS $$
DECLARE
    owner uuid := p_booking.specialist_id;
    old_claim app.slots;
    claimed app.slots;
    minutes integer := extract(epoch FROM p_booking.ends_at - p_booking.starts_at) / 60;
    awaits_card boolean := EXISTS (
        SELECT 1 FROM app.payments p WHERE p.booking_id = p_booking.id AND p.status = 'pending'
          AND p.authorize_from IS NOT NULL);
    expires timestamptz := CASE p_booking.status
        WHEN 'pending_payment' THEN CASE WHEN awaits_card THEN app.pay_by(p_starts_at)
            ELSE least(p_booking.expires_at, app.pay_by(p_starts_at)) END
        WHEN 'awaiting_confirmation' THEN least(p_booking.expires_at, p_starts_at)
        ELSE p_booking.expires_at END;
    moved app.bookings;
BEGIN
    IF p_starts_at <= app.now() THEN
        PERFORM app.refuse('BOOKING_IN_PAST');
    ELSIF p_booking.revision >= 50 THEN
        -- The revision counts the moves, each of which leaves a row and tells both sides.
        PERFORM app.refuse('TOO_MANY_MOVES');
    END IF;
    SELECT * INTO old_claim FROM app.slots s WHERE s.id = p_booking.slot_id;
    IF p_anyway THEN
        claimed := app.claim_anyway(owner, p_booking.rate_id, minutes, p_starts_at,
            old_claim.status, expires, old_claim.held_by, old_claim.id);
    ELSE
        PERFORM app.ensure_accepting(owner);
        claimed := app.claim_span(owner, p_booking.rate_id, minutes, p_starts_at,
            old_claim.status, expires, old_claim.held_by, old_claim.hold_token_hash, old_claim.id);
    END IF;
    UPDATE app.bookings b
    SET slot_id = claimed.id, starts_at = claimed.session_starts_at,
        ends_at = claimed.session_ends_at, revision = b.revision + 1,
        tier_starts_at = nullif(app.tier_start(p_booking, p_starts_at, p_by_client), p_starts_at),
        booked_anyway = coalesce(p_anyway, false), expires_at = expires
    WHERE b.id = p_booking.id
    RETURNING * INTO moved;
    IF awaits_card THEN
        UPDATE app.payments p SET authorize_from = app.charge_from(p_starts_at)
        WHERE p.booking_id = p_booking.id AND p.status = 'pending'
          AND p.authorize_from IS NOT NULL;
    END IF;
    INSERT INTO app.booking_reschedules (booking_id, specialist_id, client_id, revision,
        from_starts_at, from_ends_at, to_starts_at, to_ends_at, moved_by, moved_by_kind, reason)
    VALUES (moved.id, owner, moved.client_id, moved.revision, p_booking.starts_at,
        p_booking.ends_at, moved.starts_at, moved.ends_at, p_mover, p_kind, p_reason);
    RETURN moved;
END
$$;
COMMENT ON FUNCTION app.move_booking(app.bookings, timestamptz, boolean, uuid, text, text, boolean) IS
    'The locked booking at its new start, with the move''s row; its expiry may only come nearer. Refuses as app.reschedule_booking.';

CREATE FUNCTION app.move_told(p_old app.bookings, p_new app.bookings, p_kind text) RETURNS jsonb
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = app, pg_catalog, pg_temp AS $$
    SELECT jsonb_build_object('moved', p_new.revision <> p_old.revision,
        'revision', p_new.revision, 'specialist_id', p_new.specialist_id,
        'client_id', p_new.client_id, 'moved_by', p_kind,
        'from_starts_at', p_old.starts_at, 'to_starts_at', p_new.starts_at)
$$;
COMMENT ON FUNCTION app.move_told(app.bookings, app.bookings, text) IS
    'What the service is told of a move, for its trail.';

-- The page and its rate may have changed since: a session that was sold may still be moved while
-- its specialist works.
CREATE FUNCTION app.ensure_accepting(p_specialist uuid) RETURNS void
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = app, pg_catalog, pg_temp AS $$
BEGIN
    PERFORM 1 FROM app.specialists s
    WHERE s.id = p_specialist AND s.is_verified AND s.is_accepting;
    IF NOT FOUND THEN
        PERFORM app.refuse('NOT_ACCEPTING');
    END IF;
END
$$;
COMMENT ON FUNCTION app.ensure_accepting(uuid) IS
    'NOT_ACCEPTING unless that specialist is verified and takes bookings.';

CREATE FUNCTION app.is_charged(p_booking uuid) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = app, pg_catalog, pg_temp AS $$
    SELECT EXISTS (
        SELECT 1 FROM app.payments p
        WHERE p.booking_id = p_booking AND p.status NOT IN ('failed', 'cancelled')
          AND (p.captured_minor > 0 OR EXISTS (
              SELECT 1 FROM app.payment_operations o WHERE o.payment_id = p.id
                AND o.kind = 'capture' AND o.state NOT IN ('done', 'dead'))))
$$;
COMMENT ON FUNCTION app.is_charged(uuid) IS
    'Whether money was taken for that booking, or may be taken at this moment.';

CREATE FUNCTION app.tier_start(
    p_booking app.bookings, p_starts_at timestamptz, p_by_client boolean)
RETURNS timestamptz
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = app, pg_catalog, pg_temp AS $$
    SELECT CASE
        -- Who does not move the session himself loses nothing by it.
        WHEN NOT p_by_client
            THEN greatest(coalesce(p_booking.tier_starts_at, p_booking.starts_at), p_starts_at)
        -- Whoever could have had everything back has nothing to dodge: in time, or before it was
        -- confirmed.
        WHEN p_booking.status <> 'confirmed' AND NOT app.is_charged(p_booking.id)
             OR app.refund_percent(p_booking, app.now())
                = app.refund_percent(p_booking, app.now() - interval '100 years') THEN p_starts_at
        ELSE least(coalesce(p_booking.tier_starts_at, p_booking.starts_at), p_starts_at) END
$$;
COMMENT ON FUNCTION app.tier_start(app.bookings, timestamptz, boolean) IS
    'The start that the refund tiers count from after a move: the earlier of both where a reduced tier already applied, the new one where all was still due; never to the client''s harm where the wish was not his (D12).';
