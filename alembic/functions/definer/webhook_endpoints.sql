-- Outgoing webhooks: a specialist keeps the own endpoints, an admin those of the platform. Secrets
-- are put in sealed, and nobody reads them here.

CREATE FUNCTION app.lock_webhook_endpoint(p_endpoint uuid) RETURNS app.webhook_endpoints
LANGUAGE plpgsql SECURITY DEFINER SET search_path = app, pg_catalog, pg_temp AS $$
DECLARE
    is_admin boolean := app.caller_role() = 'consulta_admin';
    locked app.webhook_endpoints;
BEGIN
    IF app.user_id() IS NULL THEN
        PERFORM app.refuse('UNAUTHORIZED');
    END IF;
    PERFORM 1 FROM app.webhook_endpoints e
    WHERE e.id = p_endpoint AND e.deleted_at IS NULL
      AND CASE WHEN is_admin THEN e.specialist_id IS NULL ELSE e.specialist_id = app.user_id() END
    FOR UPDATE;
    IF NOT FOUND THEN
        PERFORM app.refuse('WEBHOOK_ENDPOINT_NOT_FOUND');
    END IF;
    SELECT * INTO locked FROM app.webhook_endpoints e WHERE e.id = p_endpoint;
    RETURN locked;
END
$$;
COMMENT ON FUNCTION app.lock_webhook_endpoint(uuid) IS
    'The caller''s endpoint, locked: a specialist''s own, an admin''s is the platform''s.';
GRANT EXECUTE ON FUNCTION app.lock_webhook_endpoint(uuid) TO consulta_user, consulta_admin;

CREATE FUNCTION app.create_webhook_endpoint(
    p_endpoint uuid, p_url text, p_description text, p_topics text[],
    p_secret uuid, p_key_id text, p_wrapped_key bytea, p_sealed bytea)
RETURNS app.webhook_endpoints
LANGUAGE plpgsql SECURITY DEFINER SET search_path = app, pg_catalog, pg_temp AS $$
DECLARE
    owner uuid := CASE WHEN app.caller_role() <> 'consulta_admin' THEN app.user_id() END;
    made app.webhook_endpoints;
BEGIN
    IF app.user_id() IS NULL THEN
        PERFORM app.refuse('UNAUTHORIZED');
    ELSIF owner IS NOT NULL AND NOT EXISTS (SELECT 1 FROM app.specialists s WHERE s.id = owner) THEN
        PERFORM app.refuse('SPECIALIST_NOT_FOUND');
    END IF;
    PERFORM pg_advisory_xact_lock(
        hashtextextended('app.webhook_endpoints ' || coalesce(owner::text, ''), 0));
    IF (SELECT count(*) FROM app.webhook_endpoints e
        WHERE e.specialist_id IS NOT DISTINCT FROM owner AND e.deleted_at IS NULL) >= 10
          OR (SELECT count(*) FROM app.webhook_endpoints e
              WHERE e.specialist_id IS NOT DISTINCT FROM owner) >= 1000 THEN
        PERFORM app.refuse('TOO_MANY_WEBHOOK_ENDPOINTS');
    END IF;
    INSERT INTO app.webhook_endpoints (id, specialist_id, url, description, topics)
    VALUES (p_endpoint, owner, p_url, p_description, p_topics)
    RETURNING * INTO made;
    INSERT INTO app.webhook_endpoint_secrets (id, endpoint_id, key_id, wrapped_key, sealed)
    VALUES (p_secret, p_endpoint, p_key_id, p_wrapped_key, p_sealed);
    RETURN made;
END
$$;
COMMENT ON FUNCTION app.create_webhook_endpoint(uuid, text, text, text[], uuid, text, bytea, bytea) IS
    'A new endpoint of the caller with its sealed secret; at most ten an owner.';
GRANT EXECUTE ON FUNCTION
    app.create_webhook_endpoint(uuid, text, text, text[], uuid, text, bytea, bytea)
    TO consulta_user, consulta_admin;

CREATE FUNCTION app.change_webhook_endpoint(
    p_endpoint uuid, p_url text, p_description text, p_topics text[], p_is_active boolean)
RETURNS app.webhook_endpoints
LANGUAGE plpgsql SECURITY DEFINER SET search_path = app, pg_catalog, pg_temp AS $$
DECLARE
    changed app.webhook_endpoints;
BEGIN
    PERFORM app.lock_webhook_endpoint(p_endpoint);
    UPDATE app.webhook_endpoints e
    SET url = p_url, description = p_description, topics = p_topics, is_active = p_is_active,
        disabled_at = CASE WHEN NOT p_is_active THEN coalesce(e.disabled_at, app.now()) END,
        disabled_reason = CASE WHEN NOT p_is_active THEN coalesce(e.disabled_reason, 'owner') END,
        failing_since = CASE WHEN e.is_active AND e.url = p_url THEN e.failing_since END
    WHERE e.id = p_endpoint
    RETURNING * INTO changed;
    RETURN changed;
END
$$;
COMMENT ON FUNCTION app.change_webhook_endpoint(uuid, text, text, text[], boolean) IS
    'The caller''s endpoint is as given. Switched on again, or moved, it has failed never yet.';
GRANT EXECUTE ON FUNCTION app.change_webhook_endpoint(uuid, text, text, text[], boolean)
    TO consulta_user, consulta_admin;

CREATE FUNCTION app.delete_webhook_endpoint(p_endpoint uuid) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = app, pg_catalog, pg_temp AS $$
BEGIN
    PERFORM app.lock_webhook_endpoint(p_endpoint);
    UPDATE app.webhook_endpoints e
    SET is_active = false, disabled_at = coalesce(e.disabled_at, app.now()),
        disabled_reason = coalesce(e.disabled_reason, 'owner'), deleted_at = app.now(),
        url = 'https://deleted.invalid', description = NULL
    WHERE e.id = p_endpoint;
    DELETE FROM app.webhook_endpoint_secrets s WHERE s.endpoint_id = p_endpoint;
END
$$;
COMMENT ON FUNCTION app.delete_webhook_endpoint(uuid) IS
    'Nothing is posted to the caller''s endpoint any more, its address and its secrets are gone; its log goes with the sweep.';
GRANT EXECUTE ON FUNCTION app.delete_webhook_endpoint(uuid) TO consulta_user, consulta_admin;

CREATE FUNCTION app.rotate_webhook_secret(
    p_endpoint uuid, p_secret uuid, p_key_id text, p_wrapped_key bytea, p_sealed bytea,
    p_overlap interval)
RETURNS timestamptz
LANGUAGE plpgsql SECURITY DEFINER SET search_path = app, pg_catalog, pg_temp AS $$
DECLARE
    until timestamptz := app.now() + least(greatest(p_overlap, '0'), interval '24 hours');
BEGIN
    PERFORM app.lock_webhook_endpoint(p_endpoint);
    -- Beside the one that ends now, one more may still be valid.
    DELETE FROM app.webhook_endpoint_secrets s
    WHERE s.endpoint_id = p_endpoint
      AND (until <= app.now() OR s.valid_until <= app.now()
           OR s.id IN (SELECT f.id FROM app.webhook_endpoint_secrets f
                       WHERE f.endpoint_id = p_endpoint AND f.valid_until IS NOT NULL
                       ORDER BY f.valid_until DESC OFFSET 1));
    UPDATE app.webhook_endpoint_secrets s SET valid_until = until
    WHERE s.endpoint_id = p_endpoint AND s.valid_until IS NULL;
    INSERT INTO app.webhook_endpoint_secrets (id, endpoint_id, key_id, wrapped_key, sealed)
    VALUES (p_secret, p_endpoint, p_key_id, p_wrapped_key, p_sealed);
    RETURN until;
END
$$;
COMMENT ON FUNCTION app.rotate_webhook_secret(uuid, uuid, text, bytea, bytea, interval) IS
    'Deliveries are signed with this secret from now on, and with the former one, too, until the time that is returned.';
GRANT EXECUTE ON FUNCTION app.rotate_webhook_secret(uuid, uuid, text, bytea, bytea, interval)
    TO consulta_user, consulta_admin;

CREATE FUNCTION app.test_webhook_endpoint(p_endpoint uuid) RETURNS app.webhook_deliveries
LANGUAGE plpgsql SECURITY DEFINER SET search_path = app, pg_catalog, pg_temp AS $$
DECLARE
    endpoint app.webhook_endpoints := app.lock_webhook_endpoint(p_endpoint);
    made app.webhook_deliveries;
BEGIN
    IF NOT endpoint.is_active THEN
        PERFORM app.refuse('WEBHOOK_ENDPOINT_INACTIVE');
    ELSIF (SELECT count(*) FROM app.webhook_deliveries d
           WHERE d.endpoint_id = p_endpoint AND d.topic = 'webhook.test'
             AND d.state IN ('pending', 'leased')) >= 5 THEN
        PERFORM app.refuse('TOO_MANY_WEBHOOK_TESTS');
    END IF;
    INSERT INTO app.webhook_deliveries
        (endpoint_id, specialist_id, event_id, topic, payload, occurred_at)
    VALUES (p_endpoint, endpoint.specialist_id, app.new_id(), 'webhook.test', '{}', app.now())
    RETURNING * INTO made;
    RETURN made;
END
$$;
COMMENT ON FUNCTION app.test_webhook_endpoint(uuid) IS
    'A delivery of webhook.test to the caller''s endpoint is due; at most five wait at a time.';
GRANT EXECUTE ON FUNCTION app.test_webhook_endpoint(uuid) TO consulta_user, consulta_admin;

CREATE FUNCTION app.replay_webhook_delivery(p_endpoint uuid, p_delivery uuid)
RETURNS app.webhook_deliveries
LANGUAGE plpgsql SECURITY DEFINER SET search_path = app, pg_catalog, pg_temp AS $$
DECLARE
    endpoint app.webhook_endpoints := app.lock_webhook_endpoint(p_endpoint);
    due app.webhook_deliveries;
BEGIN
    PERFORM 1 FROM app.webhook_deliveries d
    WHERE d.id = p_delivery AND d.endpoint_id = p_endpoint FOR UPDATE;
    IF NOT FOUND THEN
        PERFORM app.refuse('WEBHOOK_DELIVERY_NOT_FOUND');
    ELSIF NOT endpoint.is_active THEN
        PERFORM app.refuse('WEBHOOK_ENDPOINT_INACTIVE');
    END IF;
    UPDATE app.webhook_deliveries d
    SET state = 'pending', attempts = 0, fence = d.fence + 1, lease_until = NULL,
        next_attempt_at = app.now(), settled_at = NULL
    WHERE d.id = p_delivery AND d.state IN ('delivered', 'failed', 'parked')
    RETURNING * INTO due;
    IF due.id IS NULL THEN
        PERFORM app.refuse('WEBHOOK_DELIVERY_UNDER_WAY');
    END IF;
    RETURN due;
END
$$;
COMMENT ON FUNCTION app.replay_webhook_delivery(uuid, uuid) IS
    'A settled delivery to the caller''s endpoint is due again, with all its attempts and the same event id.';
GRANT EXECUTE ON FUNCTION app.replay_webhook_delivery(uuid, uuid) TO consulta_user, consulta_admin;

CREATE FUNCTION app.replay_webhook_failures(p_endpoint uuid, p_since timestamptz, p_most integer)
RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = app, pg_catalog, pg_temp AS $$
DECLARE
    endpoint app.webhook_endpoints := app.lock_webhook_endpoint(p_endpoint);
    replayed integer;
BEGIN
    IF NOT endpoint.is_active THEN
        PERFORM app.refuse('WEBHOOK_ENDPOINT_INACTIVE');
    END IF;
    UPDATE app.webhook_deliveries d
    SET state = 'pending', attempts = 0, fence = d.fence + 1, lease_until = NULL,
        next_attempt_at = app.now(), settled_at = NULL
    WHERE d.id IN (
        SELECT l.id FROM app.webhook_deliveries l
        WHERE l.endpoint_id = p_endpoint AND l.state IN ('failed', 'parked')
          AND l.occurred_at >= p_since
        ORDER BY l.id LIMIT least(p_most, 1000)
        FOR UPDATE SKIP LOCKED);
    GET DIAGNOSTICS replayed = ROW_COUNT;
    RETURN replayed;
END
$$;
COMMENT ON FUNCTION app.replay_webhook_failures(uuid, timestamptz, integer) IS
    'Deliveries to the caller''s endpoint that were given up are due again, of facts since then, the oldest first, at most a thousand; how many.';
GRANT EXECUTE ON FUNCTION app.replay_webhook_failures(uuid, timestamptz, integer)
    TO consulta_user, consulta_admin;
