-- Video: people put sealed links and credentials in, stop using them, and have what failed tried
-- again; nobody reads.

CREATE FUNCTION app.save_video_config(
    p_config uuid, p_provider text, p_mode text, p_account text, p_host text,
    p_waiting_room boolean, p_recording text, p_hints jsonb, p_key_id text, p_wrapped_key bytea,
    p_sealed bytea)
RETURNS app.video_configs
LANGUAGE plpgsql SECURITY DEFINER SET search_path = app, pg_catalog, pg_temp AS $$
DECLARE
    me uuid := app.user_id();
    known app.video_configs;
    saved app.video_configs;
BEGIN
    IF me IS NULL THEN
        PERFORM app.refuse('UNAUTHORIZED');
    ELSIF NOT EXISTS (SELECT 1 FROM app.specialists s WHERE s.id = me) THEN
        PERFORM app.refuse('SPECIALIST_NOT_FOUND');
    END IF;
    -- A lock of its own: the row of the page would stand in the way of bookings.
    PERFORM pg_advisory_xact_lock(hashtextextended('app.video_configs ' || me, 0));
    SELECT * INTO known FROM app.video_configs c WHERE c.id = p_config;
    IF known.id IS NOT NULL
       AND (known.specialist_id, known.provider, known.mode, known.account, known.host)
           IS DISTINCT FROM (me, p_provider, p_mode, p_account, p_host) THEN
        PERFORM app.refuse('VIDEO_CONFIG_CHANGED');
    ELSIF known.id IS NULL
          AND (SELECT count(*) FROM app.video_configs c WHERE c.specialist_id = me) >= 50 THEN
        PERFORM app.refuse('TOO_MANY_VIDEO_CONFIGS');
    END IF;
    UPDATE app.video_configs c SET is_active = false
    WHERE c.specialist_id = me AND c.is_active AND c.id <> p_config;
    IF known.id IS NULL THEN
        INSERT INTO app.video_configs
            (id, specialist_id, provider, mode, account, host, waiting_room, recording, hints)
        VALUES (p_config, me, p_provider, p_mode, p_account, p_host, p_waiting_room, p_recording,
                p_hints)
        RETURNING * INTO saved;
        INSERT INTO app.video_config_keys (config_id, specialist_id, key_id, wrapped_key, sealed)
        VALUES (p_config, me, p_key_id, p_wrapped_key, p_sealed);
    ELSE
        UPDATE app.video_configs c
        SET is_active = true, waiting_room = p_waiting_room, recording = p_recording,
            hints = p_hints, state = 'connected', last_error = NULL, checked_at = NULL
        WHERE c.id = p_config
        RETURNING * INTO saved;
        UPDATE app.video_config_keys k
        SET key_id = p_key_id, wrapped_key = p_wrapped_key, sealed = p_sealed
        WHERE k.config_id = p_config AND k.specialist_id = me;
    END IF;
    RETURN saved;
END
$$;
COMMENT ON FUNCTION app.save_video_config(uuid, text, text, text, text, boolean, text, jsonb, text, bytea, bytea) IS
    'The caller''s sessions take place there from now on, with these sealed secrets. The same account and host keep their row; any other is a row of its own, so that meetings of before keep theirs.';
GRANT EXECUTE ON FUNCTION
    app.save_video_config(uuid, text, text, text, text, boolean, text, jsonb, text, bytea, bytea)
    TO consulta_user;

CREATE FUNCTION app.end_video_config() RETURNS app.video_configs
LANGUAGE plpgsql SECURITY DEFINER SET search_path = app, pg_catalog, pg_temp AS $$
DECLARE
    ended app.video_configs;
BEGIN
    UPDATE app.video_configs c SET is_active = false
    WHERE c.specialist_id = app.user_id() AND c.is_active
    RETURNING * INTO ended;
    IF ended.id IS NULL THEN
        PERFORM app.refuse('VIDEO_CONFIG_NOT_FOUND');
    END IF;
    RETURN ended;
END
$$;
COMMENT ON FUNCTION app.end_video_config() IS
    'Meetings are not made for the caller any more; those of before are still moved and ended with what made them.';
GRANT EXECUTE ON FUNCTION app.end_video_config() TO consulta_user;

CREATE FUNCTION app.retry_meeting(p_booking uuid) RETURNS uuid
LANGUAGE plpgsql SECURITY DEFINER SET search_path = app, pg_catalog, pg_temp AS $$
DECLARE
    meeting app.meetings;
    config app.video_configs;
BEGIN
    SELECT * INTO meeting FROM app.meetings m
    WHERE m.booking_id = p_booking AND app.user_id() IS NOT NULL
      AND (m.specialist_id = app.user_id() OR app.caller_role() = 'consulta_admin')
    FOR UPDATE;
    IF meeting.id IS NULL THEN
        PERFORM app.refuse('MEETING_NOT_FOUND');
    ELSIF meeting.parked_at IS NULL THEN
        PERFORM app.refuse('MEETING_NOT_FAILED');
    END IF;
    SELECT * INTO config FROM app.video_configs c WHERE c.id = meeting.config_id;
    IF meeting.is_wanted AND NOT coalesce(config.is_active, false) THEN
        -- What made it is no longer used: it is made anew with what is used now.
        UPDATE app.meetings m
        SET config_id = NULL, provider = NULL, external_id = NULL, first_sent_at = NULL,
            generation = m.generation + 1
        WHERE m.id = meeting.id;
    ELSIF config.state = 'broken' THEN
        PERFORM app.refuse('VIDEO_CONNECTION_BROKEN');
    END IF;
    UPDATE app.meetings m
    SET parked_at = NULL, last_error = NULL, attempts = 0, next_attempt_at = app.now(),
        lease_until = NULL, fence = m.fence + 1
    WHERE m.id = meeting.id;
    RETURN meeting.id;
END
$$;
COMMENT ON FUNCTION app.retry_meeting(uuid) IS
    'The failed meeting of that booking is tried again, for its specialist and for admins. The meeting''s id.';
GRANT EXECUTE ON FUNCTION app.retry_meeting(uuid) TO consulta_user, consulta_admin;
