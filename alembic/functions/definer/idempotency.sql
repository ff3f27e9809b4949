-- Same key, same answer (D11). The caller is a person, or the hash of what an anonymous one holds.

CREATE FUNCTION app.begin_idempotent(
    p_caller text, p_route text, p_key text, p_fingerprint bytea, p_lease_seconds integer,
    p_keep_hours integer)
RETURNS jsonb
LANGUAGE plpgsql SECURITY DEFINER SET search_path = app, pg_catalog, pg_temp AS $$
DECLARE
    found_key app.idempotency_keys;
BEGIN
    -- Nobody speaks in another's name: who is not signed in is known by what they hold.
    IF p_caller <> coalesce(app.user_id()::text, p_caller)
       OR app.user_id() IS NULL AND p_caller NOT LIKE 'anonymous:%'
          AND app.caller_role() <> 'consulta_worker' THEN
        PERFORM app.refuse('FORBIDDEN');
    END IF;
    -- Waits for a transaction that is writing the same key at this moment.
    INSERT INTO app.idempotency_keys (caller, route, key, fingerprint, lease_until, expires_at)
    VALUES (p_caller, p_route, p_key, p_fingerprint,
            app.now() + make_interval(secs => p_lease_seconds),
            app.now() + make_interval(hours => p_keep_hours))
    ON CONFLICT DO NOTHING;
    IF FOUND THEN
        RETURN jsonb_build_object('state', 'new');
    END IF;
    SELECT * INTO found_key FROM app.idempotency_keys k
    WHERE k.caller = p_caller AND k.route = p_route AND k.key = p_key FOR UPDATE;
    IF found_key.expires_at <= app.now() THEN
        UPDATE app.idempotency_keys k
        SET fingerprint = p_fingerprint, subject_id = NULL, status_code = NULL, answer = NULL,
            lease_until = app.now() + make_interval(secs => p_lease_seconds),
            expires_at = app.now() + make_interval(hours => p_keep_hours), created_at = app.now()
        WHERE k.caller = p_caller AND k.route = p_route AND k.key = p_key;
        RETURN jsonb_build_object('state', 'new');
    ELSIF found_key.fingerprint <> p_fingerprint THEN
        RETURN jsonb_build_object('state', 'reused');
    ELSIF found_key.answer IS NOT NULL THEN
        RETURN jsonb_build_object('state', 'answered', 'status_code', found_key.status_code,
            'answer', encode(found_key.answer, 'base64'));
    ELSIF found_key.lease_until > app.now() THEN
        RETURN jsonb_build_object('state', 'in_progress', 'retry_after_seconds',
            ceil(extract(epoch FROM found_key.lease_until - app.now())));
    END IF;
    -- The one who began died on the way: the caller may find the effect and finish the answer.
    UPDATE app.idempotency_keys k SET lease_until = app.now() + make_interval(secs => p_lease_seconds)
    WHERE k.caller = p_caller AND k.route = p_route AND k.key = p_key;
    RETURN jsonb_build_object('state', 'resumed', 'subject_id', found_key.subject_id);
END
$$;
COMMENT ON FUNCTION app.begin_idempotent(text, text, text, bytea, integer, integer) IS
    'new | reused (other body) | answered | in_progress | resumed (its effect exists, its answer does not).';
GRANT EXECUTE ON FUNCTION app.begin_idempotent(text, text, text, bytea, integer, integer)
    TO consulta_anonymous, consulta_user, consulta_admin;

-- Keys of the vault come one after the other, so the oldest answers tell which are still needed.
CREATE FUNCTION app.oldest_answer_keys(p_limit integer) RETURNS SETOF text
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = app, pg_catalog, pg_temp AS $$
    SELECT DISTINCT split_part(encode(substring(o.answer FROM 1 FOR 24), 'escape'), '.', 2)
    FROM (SELECT k.answer FROM app.idempotency_keys k
          WHERE k.expires_at > app.now() AND k.answer IS NOT NULL
          ORDER BY k.expires_at LIMIT greatest(0, least(p_limit, 1000))) o
$$;
COMMENT ON FUNCTION app.oldest_answer_keys(integer) IS
    'The ids of the encryption keys of the oldest kept answers.';
GRANT EXECUTE ON FUNCTION app.oldest_answer_keys(integer) TO consulta_worker;

CREATE FUNCTION app.finish_idempotent(
    p_caller text, p_route text, p_key text, p_subject uuid, p_status_code integer, p_answer bytea)
RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = app, pg_catalog, pg_temp AS $$
BEGIN
    -- Nobody speaks in another's name: who is not signed in is known by what they hold.
    IF p_caller <> coalesce(app.user_id()::text, p_caller)
       OR app.user_id() IS NULL AND p_caller NOT LIKE 'anonymous:%'
          AND app.caller_role() <> 'consulta_worker' THEN
        PERFORM app.refuse('FORBIDDEN');
    END IF;
    -- An answer, once given, never changes.
    UPDATE app.idempotency_keys k
    SET subject_id = coalesce(p_subject, k.subject_id), status_code = p_status_code, answer = p_answer
    WHERE k.caller = p_caller AND k.route = p_route AND k.key = p_key AND k.answer IS NULL;
END
$$;
COMMENT ON FUNCTION app.finish_idempotent(text, text, text, uuid, integer, bytea) IS
    'The key knows what was made and, where given, the answer''s bytes (encrypted by the service).';
GRANT EXECUTE ON FUNCTION app.finish_idempotent(text, text, text, uuid, integer, bytea)
    TO consulta_anonymous, consulta_user, consulta_admin, consulta_worker;
