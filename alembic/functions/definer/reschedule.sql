-- Moving a session in time: the booking keeps its id, its payment and its history.

CREATE FUNCTION app.reschedule_booking(
    p_booking uuid, p_starts_at timestamptz, p_revision integer, p_anyway boolean, p_reason text)
RETURNS jsonb
LANGUAGE plpgsql SECURITY DEFINER SET search_path = app, pg_catalog, pg_temp AS $$
DECLARE
    moment timestamptz := app.now();
    me uuid := app.user_id();
    staff boolean := app.caller_role() = 'consulta_admin';
    owner uuid;
    booking app.bookings;
    old_claim app.slots;
    claimed app.slots;
    minutes integer;
    mover text;
    tier timestamptz;
BEGIN
    SELECT b.specialist_id INTO owner FROM app.bookings b
    WHERE b.id = p_booking AND (staff OR b.client_id = me OR b.specialist_id = me);
    IF owner IS NULL THEN
        PERFORM app.refuse('BOOKING_NOT_FOUND');
    END IF;
    PERFORM 1 FROM app.calendars c WHERE c.specialist_id = owner FOR UPDATE;
    SELECT * INTO booking FROM app.bookings b WHERE b.id = p_booking FOR UPDATE;
    SELECT * INTO old_claim FROM app.slots s WHERE s.id = booking.slot_id;
    mover := CASE WHEN staff THEN 'admin' WHEN me = owner THEN 'specialist' ELSE 'client' END;
    IF booking.status IN ('cancelled', 'declined', 'expired', 'refunded') THEN
        PERFORM app.refuse('ALREADY_CANCELLED');
    ELSIF booking.status IN ('completed', 'no_show') OR booking.starts_at <= moment
          OR p_starts_at <= moment THEN
        PERFORM app.refuse('BOOKING_IN_PAST');
    ELSIF old_claim.status = 'released'
          OR old_claim.status = 'held' AND old_claim.held_until <= moment THEN
        -- Unpaid and overdue: the next sweep expires it.
        PERFORM app.refuse('ALREADY_CANCELLED');
    ELSIF booking.revision <> p_revision THEN
        PERFORM app.refuse('BOOKING_CHANGED');
    ELSIF p_anyway AND mover = 'client' THEN
        PERFORM app.refuse('FORBIDDEN');
    ELSIF p_starts_at = booking.starts_at THEN
        RETURN jsonb_build_object('moved', false, 'revision', booking.revision);
    END IF;
    minutes := extract(epoch FROM booking.ends_at - booking.starts_at) / 60;
    claimed := CASE WHEN p_anyway
        THEN app.claim_anyway(owner, booking.rate_id, minutes, p_starts_at, old_claim.status,
            old_claim.held_until, old_claim.held_by, old_claim.id)
        ELSE app.claim_span(owner, booking.rate_id, minutes, p_starts_at, old_claim.status,
            old_claim.held_until, old_claim.held_by, old_claim.hold_token_hash, old_claim.id) END;
    tier := app.tier_start(booking, p_starts_at, mover);
    UPDATE app.bookings b
    SET slot_id = claimed.id, starts_at = claimed.session_starts_at,
        ends_at = claimed.session_ends_at, revision = b.revision + 1,
        tier_starts_at = nullif(tier, claimed.session_starts_at),
        booked_anyway = coalesce(p_anyway, false),
        expires_at = least(b.expires_at, claimed.session_starts_at)
    WHERE b.id = booking.id;
    INSERT INTO app.booking_reschedules (booking_id, specialist_id, client_id, revision,
        from_starts_at, from_ends_at, to_starts_at, to_ends_at, moved_by, moved_by_kind, reason)
    VALUES (booking.id, owner, booking.client_id, booking.revision + 1, booking.starts_at,
        booking.ends_at, claimed.session_starts_at, claimed.session_ends_at, me, mover, p_reason);
    UPDATE app.booking_proposals p
    SET state = CASE WHEN mover = 'client' AND p.starts_at = p_starts_at THEN 'accepted'
                     ELSE 'replaced' END
    WHERE p.booking_id = booking.id AND p.state = 'open';
    RETURN jsonb_build_object('moved', true, 'revision', booking.revision + 1,
        'specialist_id', owner, 'client_id', booking.client_id, 'moved_by', mover,
        'from_starts_at', booking.starts_at, 'to_starts_at', claimed.session_starts_at);
END
$$;
COMMENT ON FUNCTION app.reschedule_booking(uuid, timestamptz, integer, boolean, text) IS
    'The booking stands at that start with the length it had, its old span free; or a refusal and nothing changes: BOOKING_NOT_FOUND, ALREADY_CANCELLED, BOOKING_IN_PAST, BOOKING_CHANGED, FORBIDDEN, SLOT_TAKEN, DAY_FULL, SLOT_NOT_OFFERED.';
GRANT EXECUTE ON FUNCTION app.reschedule_booking(uuid, timestamptz, integer, boolean, text)
    TO consulta_user, consulta_admin;

CREATE FUNCTION app.tier_start(p_booking app.bookings, p_starts_at timestamptz, p_mover text)
RETURNS timestamptz
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = app, pg_catalog, pg_temp AS $$
    SELECT CASE
        -- Who does not move the session himself loses nothing by it.
        WHEN p_mover <> 'client'
            THEN greatest(coalesce(p_booking.tier_starts_at, p_booking.starts_at), p_starts_at)
        -- Whoever could have had everything back has nothing to dodge.
        WHEN app.refund_percent(p_booking, app.now())
             = app.refund_percent(p_booking, app.now() - interval '100 years') THEN p_starts_at
        ELSE least(coalesce(p_booking.tier_starts_at, p_booking.starts_at), p_starts_at) END
$$;
COMMENT ON FUNCTION app.tier_start(app.bookings, timestamptz, text) IS
    'The start that the refund tiers count from after a move: the earlier of both where a reduced tier already applied, the new one where all was still due (D12).';
