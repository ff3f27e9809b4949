-- The table of moves of a booking; consulta.features.bookings.states mirrors it.

CREATE FUNCTION app.booking_moves()
RETURNS TABLE (from_status text, to_status text, actor_kind text)
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    VALUES ('pending_payment', 'awaiting_confirmation', 'system'),
           ('pending_payment', 'confirmed', 'system'),
           ('pending_payment', 'expired', 'system'),
           ('pending_payment', 'cancelled', 'client'),
           ('pending_payment', 'cancelled', 'specialist'),
           ('pending_payment', 'cancelled', 'admin'),
           ('awaiting_confirmation', 'confirmed', 'specialist'),
           ('awaiting_confirmation', 'confirmed', 'admin'),
           ('awaiting_confirmation', 'confirmed', 'system'),
           ('awaiting_confirmation', 'declined', 'specialist'),
           ('awaiting_confirmation', 'declined', 'admin'),
           ('awaiting_confirmation', 'cancelled', 'client'),
           ('awaiting_confirmation', 'cancelled', 'admin'),
           ('awaiting_confirmation', 'expired', 'system'),
           ('expired', 'awaiting_confirmation', 'system'),
           ('confirmed', 'cancelled', 'client'),
           ('confirmed', 'cancelled', 'specialist'),
           ('confirmed', 'cancelled', 'admin'),
           ('confirmed', 'completed', 'specialist'),
           ('confirmed', 'completed', 'admin'),
           ('confirmed', 'completed', 'system'),
           ('confirmed', 'no_show', 'specialist'),
           ('confirmed', 'no_show', 'admin'),
           ('completed', 'refunded', 'system'),
           ('no_show', 'refunded', 'system')
$$;
COMMENT ON FUNCTION app.booking_moves() IS 'Every legal move of a booking''s status, and who may make it.';

-- Who moves a row: the service (worker, definer functions) or a party. Runs with the mover's rights,
-- so that current_user tells one from the other.
CREATE FUNCTION app.guard_booking() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    kind text;
BEGIN
    NEW.updated_at := app.now();
    IF TG_OP = 'INSERT' THEN
        IF NEW.status NOT IN ('pending_payment', 'awaiting_confirmation', 'confirmed') THEN
            RAISE EXCEPTION USING ERRCODE = '42501', MESSAGE = 'no booking starts in this state';
        END IF;
        RETURN NEW;
    END IF;
    kind := CASE
        WHEN current_user IN ('consulta_definer', 'consulta_worker') THEN 'system'
        WHEN current_user = 'consulta_admin' THEN 'admin'
        WHEN app.user_id() = NEW.specialist_id THEN 'specialist'
        WHEN app.user_id() = NEW.client_id THEN 'client'
        END;
    -- The history trigger runs as the definer and could not tell by itself.
    PERFORM set_config('app.moved_by_system', (kind = 'system')::text, true);
    IF (NEW.id, NEW.client_id, NEW.specialist_id, NEW.price_minor, NEW.discount_minor, NEW.currency,
        NEW.coupon_id, NEW.package_purchase_id, NEW.recurring_booking_id, NEW.created_at)
       IS DISTINCT FROM
       (OLD.id, OLD.client_id, OLD.specialist_id, OLD.price_minor, OLD.discount_minor, OLD.currency,
        OLD.coupon_id, OLD.package_purchase_id, OLD.recurring_booking_id, OLD.created_at)
    THEN
        RAISE EXCEPTION USING ERRCODE = '42501', MESSAGE = 'a booking keeps its parties and price';
    END IF;
    IF NEW.status IS DISTINCT FROM OLD.status THEN
        PERFORM app.check_booking_move(OLD, NEW.status, kind);
    END IF;
    RETURN NEW;
END
$$;
COMMENT ON FUNCTION app.guard_booking() IS
    'No status moves but by the table of moves; parties and price never change.';

CREATE FUNCTION app.check_booking_move(booking app.bookings, target text, kind text) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM app.booking_moves() m
                   WHERE m.from_status = booking.status AND m.to_status = target
                     AND m.actor_kind = kind) THEN
        RAISE EXCEPTION USING ERRCODE = '42501',
            MESSAGE = format('no move from %s to %s', booking.status, target);
    END IF;
    IF kind = 'system' THEN
        RETURN;
    END IF;
    IF target IN ('cancelled', 'declined') AND booking.starts_at <= app.now() THEN
        PERFORM app.refuse('BOOKING_IN_PAST');
    END IF;
    IF target IN ('completed', 'no_show') AND booking.starts_at > app.now() THEN
        PERFORM app.refuse('BOOKING_NOT_STARTED');
    END IF;
    -- "confirmed" means captured, or nothing owed (D12).
    IF target = 'confirmed' AND EXISTS (
        SELECT 1 FROM app.payments p
        WHERE p.booking_id = booking.id AND p.provider <> 'manual'
          AND p.status NOT IN ('paid', 'partially_refunded', 'refunded', 'failed', 'cancelled'))
    THEN
        RAISE EXCEPTION USING ERRCODE = '42501', MESSAGE = 'the money has not been taken yet';
    END IF;
END
$$;
COMMENT ON FUNCTION app.check_booking_move(app.bookings, text, text) IS
    'Raises unless this kind of actor may make this move now.';

-- The trigger runs with the mover's rights, and so do the functions that it asks.
GRANT EXECUTE ON FUNCTION app.booking_moves(), app.check_booking_move(app.bookings, text, text)
    TO consulta_user, consulta_admin, consulta_worker, consulta_definer;
