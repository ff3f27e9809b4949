-- Another time that a specialist proposes: the client says yes or no.

CREATE FUNCTION app.propose_time(
    p_booking uuid, p_starts_at timestamptz, p_message text, p_anyway boolean)
RETURNS jsonb
LANGUAGE plpgsql SECURITY DEFINER SET search_path = app, pg_catalog, pg_temp AS $$
DECLARE
    booking app.bookings := app.lock_movable(p_booking);
    made app.booking_proposals;
BEGIN
    IF app.party_of(booking) = 'client' THEN
        PERFORM app.refuse('FORBIDDEN');
    ELSIF (SELECT count(*) FROM app.booking_proposals p WHERE p.booking_id = booking.id) >= 20 THEN
        PERFORM app.refuse('TOO_MANY_PROPOSALS');
    END IF;
    PERFORM app.ensure_offered(booking, p_starts_at, p_anyway);
    UPDATE app.booking_proposals p SET state = 'replaced'
    WHERE p.booking_id = booking.id AND p.state = 'open';
    INSERT INTO app.booking_proposals
        (booking_id, specialist_id, client_id, starts_at, anyway, message, proposed_by)
    VALUES (booking.id, booking.specialist_id, booking.client_id, p_starts_at,
        coalesce(p_anyway, false), p_message, app.user_id())
    RETURNING * INTO made;
    RETURN to_jsonb(made);
END
$$;
COMMENT ON FUNCTION app.propose_time(uuid, timestamptz, text, boolean) IS
    'The one open proposal for that booking, whose time can be had at this moment; nothing is claimed. BOOKING_NOT_FOUND, FORBIDDEN, ALREADY_CANCELLED, BOOKING_IN_PAST, TOO_MANY_PROPOSALS, NOT_ACCEPTING, SLOT_TAKEN, DAY_FULL, SLOT_NOT_OFFERED.';
GRANT EXECUTE ON FUNCTION app.propose_time(uuid, timestamptz, text, boolean)
    TO consulta_user, consulta_admin;

CREATE FUNCTION app.ensure_offered(
    p_booking app.bookings, p_starts_at timestamptz, p_anyway boolean)
RETURNS void
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = app, pg_catalog, pg_temp AS $$
DECLARE
    owner uuid := p_booking.specialist_id;
    own_slot uuid := p_booking.slot_id;
    minutes integer := extract(epoch FROM p_booking.ends_at - p_booking.starts_at) / 60;
    moment timestamptz := app.now();
BEGIN
    IF p_anyway THEN
        PERFORM 1 FROM app.span_anyway(owner, minutes, p_starts_at, own_slot) s;
        RETURN;
    ELSIF p_starts_at <= moment THEN
        PERFORM app.refuse('BOOKING_IN_PAST');
    END IF;
    PERFORM app.ensure_accepting(owner);
    PERFORM 1 FROM app.open_slots(owner, p_starts_at, p_starts_at + interval '1 microsecond',
        minutes, own_slot, moment) o;
    IF NOT FOUND THEN
        PERFORM app.refuse(app.claim_refusal(owner, minutes, p_starts_at, own_slot));
    END IF;
END
$$;
COMMENT ON FUNCTION app.ensure_offered(app.bookings, timestamptz, boolean) IS
    'Refuses as a move of that booking to that start would be refused at this moment.';

CREATE FUNCTION app.lock_proposal(p_booking app.bookings, p_proposal uuid)
RETURNS app.booking_proposals
LANGUAGE plpgsql SECURITY DEFINER SET search_path = app, pg_catalog, pg_temp AS $$
DECLARE
    found_proposal app.booking_proposals;
BEGIN
    SELECT * INTO found_proposal FROM app.booking_proposals p
    WHERE p.id = p_proposal AND p.booking_id = p_booking.id;
    IF found_proposal.id IS NULL THEN
        PERFORM app.refuse('PROPOSAL_NOT_FOUND');
    ELSIF app.party_of(p_booking) <> 'client' THEN
        PERFORM app.refuse('FORBIDDEN');
    ELSIF found_proposal.state <> 'open' THEN
        PERFORM app.refuse('PROPOSAL_NOT_OPEN');
    END IF;
    RETURN found_proposal;
END
$$;
COMMENT ON FUNCTION app.lock_proposal(app.bookings, uuid) IS
    'The open proposal for that locked booking, which its client, the caller, may answer. PROPOSAL_NOT_FOUND, FORBIDDEN, PROPOSAL_NOT_OPEN.';

CREATE FUNCTION app.accept_proposal(p_booking uuid, p_proposal uuid) RETURNS jsonb
LANGUAGE plpgsql SECURITY DEFINER SET search_path = app, pg_catalog, pg_temp AS $$
DECLARE
    booking app.bookings := app.lock_movable(p_booking);
    proposal app.booking_proposals := app.lock_proposal(booking, p_proposal);
    kind text := CASE proposal.proposed_by
        WHEN booking.specialist_id THEN 'specialist' ELSE 'admin' END;
BEGIN
    UPDATE app.booking_proposals p SET state = 'accepted' WHERE p.id = proposal.id;
    IF proposal.starts_at = booking.starts_at THEN
        RETURN app.move_told(booking, booking, kind);
    END IF;
    -- The wish was the specialist's: the client's refund does not suffer.
    RETURN app.move_told(booking, app.move_booking(booking, proposal.starts_at, proposal.anyway,
        proposal.proposed_by, kind, proposal.message, false), kind);
END
$$;
COMMENT ON FUNCTION app.accept_proposal(uuid, uuid) IS
    'The booking stands at the proposed time, as if the one who proposed it had moved it; or a refusal, and the proposal stays open: as app.reschedule_booking, and PROPOSAL_NOT_FOUND, PROPOSAL_NOT_OPEN.';
GRANT EXECUTE ON FUNCTION app.accept_proposal(uuid, uuid) TO consulta_user, consulta_admin;

CREATE FUNCTION app.decline_proposal(p_booking uuid, p_proposal uuid) RETURNS jsonb
LANGUAGE plpgsql SECURITY DEFINER SET search_path = app, pg_catalog, pg_temp AS $$
DECLARE
    booking app.bookings := app.lock_movable(p_booking);
    proposal app.booking_proposals := app.lock_proposal(booking, p_proposal);
BEGIN
    UPDATE app.booking_proposals p SET state = 'declined' WHERE p.id = proposal.id
    RETURNING * INTO proposal;
    RETURN to_jsonb(proposal);
END
$$;
COMMENT ON FUNCTION app.decline_proposal(uuid, uuid) IS
    'The client does not want that time; the booking stays where it is. Refuses as app.accept_proposal.';
GRANT EXECUTE ON FUNCTION app.decline_proposal(uuid, uuid) TO consulta_user, consulta_admin;
