-- Trigger functions that write where people may not.

CREATE FUNCTION app.open_calendar() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = app, pg_catalog, pg_temp AS $$
BEGIN
    INSERT INTO app.calendars (specialist_id) VALUES (NEW.id) ON CONFLICT DO NOTHING;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION app.open_calendar() IS 'Every specialist has exactly one calendar row to lock.';

CREATE FUNCTION app.refresh_from_price() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = app, pg_catalog, pg_temp AS $$
BEGIN
    UPDATE app.specialists s
    SET (from_price_minor, from_currency) = (
        SELECT r.price_minor, r.currency FROM app.specialist_rates r
        WHERE r.specialist_id = NEW.specialist_id AND r.is_active
        ORDER BY r.price_minor, r.kind LIMIT 1)
    WHERE s.id = NEW.specialist_id;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION app.refresh_from_price() IS 'The directory''s price is the lowest active one.';

CREATE FUNCTION app.write_first_history() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = app, pg_catalog, pg_temp AS $$
DECLARE
    mover uuid := app.user_id();
    by_admin boolean := app.caller_role() = 'consulta_admin';
    why text := nullif(current_setting('app.move_reason', true), '');
    request text := app.request_id();
BEGIN
    -- The first row of a booking's history bears the booking's own id: making ids is not free.
    INSERT INTO app.booking_status_history (id, booking_id, specialist_id, client_id, to_status,
        actor_id, actor_kind, reason, request_id)
    SELECT b.id, b.id, b.specialist_id, b.client_id, b.status, mover,
           CASE WHEN by_admin THEN 'admin'
                WHEN mover = b.specialist_id THEN 'specialist'
                WHEN mover = b.client_id THEN 'client'
                ELSE 'system' END,
           why, request
    FROM made b;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION app.write_first_history() IS
    'How each booking began; once a statement, since a dispatch makes thousands in one.';

CREATE FUNCTION app.write_booking_history() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = app, pg_catalog, pg_temp AS $$
DECLARE
    -- A stranger's request may expire a booking in its way: the history names nobody then.
    by_system boolean := current_setting('app.moved_by_system', true) = 'true';
    mover uuid := CASE WHEN NOT by_system THEN app.user_id() END;
BEGIN
    IF NEW.status = OLD.status THEN
        RETURN NULL;
    END IF;
    INSERT INTO app.booking_status_history
        (booking_id, specialist_id, client_id, from_status, to_status, actor_id, actor_kind, reason,
         request_id)
    VALUES (NEW.id, NEW.specialist_id, NEW.client_id, OLD.status, NEW.status, mover,
            CASE WHEN by_system THEN 'system'
                 WHEN app.caller_role() = 'consulta_admin' THEN 'admin'
                 WHEN mover = NEW.specialist_id THEN 'specialist'
                 WHEN mover = NEW.client_id THEN 'client'
                 ELSE 'system' END,
            nullif(current_setting('app.move_reason', true), ''), app.request_id());
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION app.write_booking_history() IS 'Every move of a status leaves a row: who, from, to, why.';

CREATE FUNCTION app.apply_credits() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = app, pg_catalog, pg_temp AS $$
BEGIN
    PERFORM set_config('app.credits_by_ledger', 'true', true);
    UPDATE app.package_purchases p
    SET credits_left = p.credits_left + NEW.credits,
        -- What comes back through no fault of the client can still be used; who books and calls
        -- off again does not make credits last longer.
        valid_until = CASE WHEN NEW.kind = 'returned' AND p.valid_until IS NOT NULL
                AND NOT EXISTS (SELECT 1 FROM app.booking_cancellations c
                                WHERE c.booking_id = NEW.booking_id
                                  AND c.cancelled_by_kind = 'client')
            THEN greatest(p.valid_until, app.now() + interval '30 days')
            ELSE p.valid_until END
    WHERE p.id = NEW.purchase_id;
    PERFORM set_config('app.credits_by_ledger', '', true);
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION app.apply_credits() IS
    'What is left of a purchase is the sum of its ledger, and never below zero: the table''s check refuses that.';

GRANT EXECUTE ON FUNCTION app.open_calendar(), app.refresh_from_price(), app.write_booking_history(),
    app.write_first_history(), app.apply_credits()
    TO consulta_owner;
