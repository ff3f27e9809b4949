-- Trigger functions that need no more rights than the person who causes them.

CREATE FUNCTION app.touch() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.updated_at := app.now();
    RETURN NEW;
END
$$;
COMMENT ON FUNCTION app.touch() IS 'updated_at says when the row last changed.';

CREATE FUNCTION app.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION USING ERRCODE = '42501',
        MESSAGE = format('%I is append-only', TG_TABLE_NAME);
END
$$;
COMMENT ON FUNCTION app.refuse_change() IS 'What is written stays: no update, no delete, by nobody.';

CREATE FUNCTION app.keep_all_but_words() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- Whoever is erased may take the own words along, and leaves the fact (D37).
    IF TG_OP = 'UPDATE' AND NEW.reason IS NULL
       AND to_jsonb(NEW) - 'reason' = to_jsonb(OLD) - 'reason' THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION USING ERRCODE = '42501',
        MESSAGE = format('%I is append-only', TG_TABLE_NAME);
END
$$;
COMMENT ON FUNCTION app.keep_all_but_words() IS
    'What is written stays, but for the words of a reason, which may be taken out for good.';

CREATE FUNCTION app.role_is_specialist() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM app.users u WHERE u.id = NEW.id AND u.role = 'specialist') THEN
        PERFORM app.refuse('NOT_A_SPECIALIST');
    END IF;
    RETURN NEW;
END
$$;
COMMENT ON FUNCTION app.role_is_specialist() IS 'A specialist''s page belongs to an account with that role.';

CREATE FUNCTION app.cancellation_has_its_booking() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM app.bookings b
                   WHERE b.id = NEW.booking_id AND b.status IN ('cancelled', 'declined')) THEN
        RAISE EXCEPTION USING ERRCODE = '42501',
            MESSAGE = 'a cancellation record needs its cancelled booking';
    END IF;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION app.cancellation_has_its_booking() IS 'No cancellation record for a booking that stands.';
