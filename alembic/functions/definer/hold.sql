-- Holds: a start is kept for a few minutes while somebody fills in the form.

CREATE FUNCTION app.hold(
    p_specialist uuid, p_rate uuid, p_starts_at timestamptz, p_token_hash bytea, p_minutes integer,
    p_most_per_caller integer)
RETURNS jsonb
LANGUAGE plpgsql SECURITY DEFINER SET search_path = app, pg_catalog, pg_temp AS $$
DECLARE
    me uuid := app.user_id();
    moment timestamptz := app.now();
    held app.slots;
BEGIN
    IF me IS NULL AND p_token_hash IS NULL THEN
        PERFORM app.refuse('UNAUTHORIZED');
    ELSIF me IS NOT NULL THEN
        -- A person's holds lie on many calendars, whose locks do not count them: this one does.
        PERFORM pg_advisory_xact_lock(hashtextextended('app.hold ' || me, 0));
        IF (SELECT count(*) FROM app.slots s
            WHERE s.held_by = me AND s.status = 'held' AND s.held_until > moment
              AND NOT EXISTS (SELECT 1 FROM app.bookings b WHERE b.slot_id = s.id))
           >= least(p_most_per_caller, 50) THEN
            PERFORM app.refuse('TOO_MANY_HOLDS');
        END IF;
    END IF;
    held := app.claim(p_specialist, p_rate, p_starts_at, 'held',
        moment + least(p_minutes, 60) * interval '1 minute', me, p_token_hash, NULL);
    RETURN jsonb_build_object('id', held.id, 'specialist_id', held.specialist_id,
        'rate_id', held.rate_id, 'starts_at', held.session_starts_at,
        'ends_at', held.session_ends_at, 'expires_at', held.held_until);
END
$$;
COMMENT ON FUNCTION app.hold(uuid, uuid, timestamptz, bytea, integer, integer) IS
    'That session is held for the caller, or for whoever has the token; a refusal of app.claim, or TOO_MANY_HOLDS.';
GRANT EXECUTE ON FUNCTION app.hold(uuid, uuid, timestamptz, bytea, integer, integer)
    TO consulta_anonymous, consulta_user, consulta_admin;

CREATE FUNCTION app.release_hold(p_slot uuid, p_token_hash bytea) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = app, pg_catalog, pg_temp AS $$
DECLARE
    owner uuid;
BEGIN
    -- Whose hold it is never changes and may be read before the lock; a stranger locks nothing.
    SELECT s.specialist_id INTO owner FROM app.slots s
    WHERE s.id = p_slot AND (s.held_by = app.user_id() OR s.hold_token_hash = p_token_hash);
    PERFORM 1 FROM app.calendars c WHERE c.specialist_id = owner FOR UPDATE;
    IF owner IS NULL OR NOT EXISTS (
        SELECT 1 FROM app.slots s
        WHERE s.id = p_slot AND s.status NOT IN ('booked', 'released')
          AND NOT EXISTS (SELECT 1 FROM app.bookings b WHERE b.slot_id = s.id)) THEN
        RETURN false;
    END IF;
    RETURN app.release(p_slot);
END
$$;
COMMENT ON FUNCTION app.release_hold(uuid, bytea) IS
    'True if the caller''s hold, or the token''s, is released; false for any other claim, present or not.';
GRANT EXECUTE ON FUNCTION app.release_hold(uuid, bytea)
    TO consulta_anonymous, consulta_user, consulta_admin;
