-- Erasure: an account that nobody can sign in to, and what its person may not change by the own
-- rights. What a person may change alone, the service has cleared before (D37).

CREATE FUNCTION app.erasure_obstacles() RETURNS jsonb
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = app, pg_catalog, pg_temp AS $$
    WITH counted (what, how_many) AS (
        SELECT 'sessions_to_come', count(*) FROM app.bookings b
        WHERE (b.client_id = app.user_id() OR b.specialist_id = app.user_id())
          AND (b.status IN ('pending_payment', 'awaiting_confirmation')
               OR b.status = 'confirmed' AND b.ends_at > app.now())
        UNION ALL
        SELECT 'series', count(*) FROM app.recurring_bookings r
        WHERE (r.client_id = app.user_id() OR r.specialist_id = app.user_id())
          AND r.status <> 'ended'
        UNION ALL
        SELECT 'payments_in_motion', count(*) FROM app.payments p
        WHERE (p.client_id = app.user_id() OR p.specialist_id = app.user_id())
          AND (p.status IN ('requires_action', 'processing', 'authorized') OR p.is_disputed
               OR EXISTS (SELECT 1 FROM app.payment_operations o
                          WHERE o.payment_id = p.id AND o.state NOT IN ('done', 'dead')))
        UNION ALL
        SELECT 'packages_owed', count(*) FROM app.package_purchases q
        WHERE q.specialist_id = app.user_id() AND q.credits_left > 0
          AND (q.status = 'pending' OR q.status = 'active' AND q.valid_until > app.now())
        UNION ALL
        SELECT 'meetings_to_end', count(*) FROM app.meetings m
        WHERE m.specialist_id = app.user_id() AND m.made_revision < m.wanted_revision
          AND m.parked_at IS NULL
    )
    SELECT coalesce(jsonb_object_agg(c.what, c.how_many), '{}') FROM counted c WHERE c.how_many > 0
$$;
COMMENT ON FUNCTION app.erasure_obstacles() IS
    'What is in the way of erasing the caller, counted: sessions_to_come, series, payments_in_motion, packages_owed, meetings_to_end.';

CREATE FUNCTION app.begin_erasure(p_password_hash text, p_ordered_by uuid) RETURNS jsonb
LANGUAGE plpgsql SECURITY DEFINER SET search_path = app, pg_catalog, pg_temp AS $$
DECLARE
    me uuid := app.user_id();
BEGIN
    IF me IS NULL OR app.caller_role() <> 'consulta_user' THEN
        PERFORM app.refuse('FORBIDDEN');
    END IF;
    -- Only an admin can have left that entry in the log, and its reason.
    IF p_ordered_by IS NOT NULL AND NOT EXISTS (
        SELECT 1 FROM app.audit_logs a
        WHERE a.subject_type = 'user' AND a.subject_id = me AND a.actor_id = p_ordered_by
          AND a.actor = 'admin' AND a.action = 'account_erasure_ordered'
          AND a."timestamp" > app.now() - interval '10 minutes') THEN
        PERFORM app.refuse('NOT_CONFIRMED');
    END IF;
    PERFORM 1 FROM app.calendars c WHERE c.specialist_id = me FOR UPDATE;
    -- The hash that was compared must still be the present one: it is the proof of who asks.
    PERFORM 1 FROM app.credentials c WHERE c.user_id = me FOR UPDATE;
    IF p_ordered_by IS NULL AND EXISTS (SELECT 1 FROM app.credentials c
               WHERE c.user_id = me AND c.password_hash IS DISTINCT FROM p_password_hash) THEN
        PERFORM app.refuse('NOT_CONFIRMED');
    END IF;
    -- The last lock: whoever books for or with this person waits at the key of the account, and
    -- finds it erased afterwards; whoever was faster is counted in the statement that follows.
    PERFORM 1 FROM app.users u WHERE u.id = me FOR UPDATE;
    IF EXISTS (SELECT 1 FROM app.users u WHERE u.id = me AND u.erased_at IS NOT NULL) THEN
        PERFORM app.refuse('ACCOUNT_ERASED');
    END IF;
    RETURN app.erasure_obstacles();
END
$$;
COMMENT ON FUNCTION app.begin_erasure(text, uuid) IS
    'The caller''s account is locked, and what is in the way of its erasure. The proof is the hash of the password, or NULL where there is none; or the admin who has ordered it within ten minutes. NOT_CONFIRMED, ACCOUNT_ERASED.';
GRANT EXECUTE ON FUNCTION app.begin_erasure(text, uuid) TO consulta_user;

-- Internal: words in the records of sessions, which nobody else can take out.
CREATE FUNCTION app.erase_words(me uuid) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = app, pg_catalog, pg_temp AS $$
BEGIN
    UPDATE app.bookings b SET note = NULL WHERE b.client_id = me AND b.note IS NOT NULL;
    UPDATE app.recurring_bookings r SET note = NULL WHERE r.client_id = me AND r.note IS NOT NULL;
    UPDATE app.booking_cancellations c SET reason = NULL
    WHERE c.cancelled_by = me AND c.reason IS NOT NULL;
    UPDATE app.booking_reschedules r SET reason = NULL
    WHERE r.moved_by = me AND r.reason IS NOT NULL;
    UPDATE app.booking_status_history h SET reason = NULL
    WHERE h.actor_id = me AND h.reason IS NOT NULL
      AND (h.client_id = me OR h.specialist_id = me);
    UPDATE app.booking_proposals p SET message = NULL
    WHERE p.proposed_by = me AND p.message IS NOT NULL;
    -- A reply answers words that are gone, and may name who wrote them.
    UPDATE app.reviews r SET comment = NULL, shows_name = false, reply = NULL, replied_at = NULL
    WHERE r.client_id = me;
    UPDATE app.reviews r SET reply = NULL, replied_at = NULL
    WHERE r.specialist_id = me AND r.reply IS NOT NULL;
    DELETE FROM app.intake_answers a WHERE a.client_id = me;
END
$$;
COMMENT ON FUNCTION app.erase_words(uuid) IS
    'What that person wrote about sessions is gone; the sessions, their times and amounts stay.';

CREATE FUNCTION app.erase_account(p_password_hash text, p_ordered_by uuid) RETURNS timestamptz
LANGUAGE plpgsql SECURITY DEFINER SET search_path = app, pg_catalog, pg_temp AS $$
DECLARE
    me uuid := app.user_id();
BEGIN
    IF app.begin_erasure(p_password_hash, p_ordered_by) <> '{}' THEN
        PERFORM app.refuse('ERASURE_BLOCKED');
    END IF;
    PERFORM app.erase_words(me);
    -- The sweep of recordings takes the objects away; those of a specialist are the clients', too.
    UPDATE app.meeting_recordings r
    SET expires_at = greatest(app.now(), r.created_at + interval '1 second')
    WHERE r.client_id = me AND r.status IN ('uploading', 'ready');
    UPDATE app.saved_methods m SET label = NULL WHERE m.client_id = me AND m.label IS NOT NULL;
    UPDATE app.specialists s SET is_verified = false, verified_at = NULL WHERE s.id = me;
    DELETE FROM app.video_config_keys k WHERE k.specialist_id = me;
    UPDATE app.video_configs c SET is_active = false, account = '', host = '', hints = '{}'
    WHERE c.specialist_id = me;
    DELETE FROM app.credentials c WHERE c.user_id = me;
    DELETE FROM app.account_letters l WHERE l.user_id = me;
    UPDATE app.user_sessions s SET revoked_at = coalesce(s.revoked_at, app.now())
    WHERE s.user_id = me;
    UPDATE app.users u
    SET email = 'erased-' || u.id || '@erased.invalid', email_verified_at = NULL, issuer = NULL,
        subject = NULL, is_active = false, erased_at = app.now()
    WHERE u.id = me;
    -- In the admin's name, which nobody but the definer may write here.
    IF p_ordered_by IS NOT NULL THEN
        INSERT INTO app.audit_logs (actor_id, actor, action, subject_type, subject_id, request_id)
        VALUES (p_ordered_by, 'admin', 'account_erased', 'user', me, app.request_id());
    END IF;
    RETURN app.now();
END
$$;
COMMENT ON FUNCTION app.erase_account(text, uuid) IS
    'The caller''s account is erased: no address, no way in, no words of theirs; what the law keeps says nothing but an id. One that an admin ordered is audited in the admin''s name. NOT_CONFIRMED, ERASURE_BLOCKED, ACCOUNT_ERASED.';
GRANT EXECUTE ON FUNCTION app.erase_account(text, uuid) TO consulta_user;

-- Statement-level triggers come after the checks of foreign keys, which wait for whoever erases an
-- account: the look that follows is at what is true then.
CREATE FUNCTION app.parties_are_there() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = app, pg_catalog, pg_temp AS $$
DECLARE
    gone uuid;
    is_client boolean;
BEGIN
    SELECT u.id, u.id = m.client_id INTO gone, is_client
    FROM made m
    -- By the accounts' key, whatever the planner knows: for the few that were erased it would
    -- rather read all accounts.
    CROSS JOIN LATERAL (
        SELECT u.id, u.erased_at FROM app.users u
        WHERE u.id = ANY (ARRAY[m.client_id, m.specialist_id]) OFFSET 0) u
    WHERE u.erased_at IS NOT NULL LIMIT 1;
    IF gone IS NOT NULL THEN
        PERFORM app.refuse(CASE WHEN gone = app.user_id() THEN 'UNAUTHORIZED'
            WHEN is_client THEN 'CLIENT_NOT_FOUND' ELSE 'SPECIALIST_NOT_FOUND' END);
    END IF;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION app.parties_are_there() IS
    'Nothing begins with somebody who was erased: UNAUTHORIZED, CLIENT_NOT_FOUND, SPECIALIST_NOT_FOUND.';
GRANT EXECUTE ON FUNCTION app.parties_are_there() TO consulta_owner;

CREATE FUNCTION app.own_sign_ins(p_limit integer)
RETURNS TABLE (id uuid, created_at timestamptz, last_used_at timestamptz, ends_at timestamptz,
    ended_at timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = app, pg_catalog, pg_temp AS $$
    SELECT f.id, f.created_at, max(s.created_at), f.family_expires_at, f.revoked_at
    FROM app.user_sessions f JOIN app.user_sessions s ON s.family_id = f.id
    WHERE f.user_id = app.user_id() AND f.id = f.family_id
    GROUP BY f.id ORDER BY f.created_at DESC, f.id DESC LIMIT least(p_limit, 1001)
$$;
COMMENT ON FUNCTION app.own_sign_ins(integer) IS
    'The caller''s sign-ins, the newest first: when they began, were last used and ended; no token.';
GRANT EXECUTE ON FUNCTION app.own_sign_ins(integer) TO consulta_user;
