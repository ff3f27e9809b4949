-- Guards of sealed texts: when they may be written, and what of them never changes. They run with
-- the writer's rights: whose rows they are is left to the policies, which are asked afterwards.
-- The worker wraps data keys anew at any time, and may touch no more of a row than that.

CREATE FUNCTION app.guard_session_note() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    status_now text;
BEGIN
    IF TG_OP = 'UPDATE' THEN
        IF (NEW.id, NEW.booking_id, NEW.specialist_id, NEW.client_id, NEW.created_at,
            NEW.editable_until)
           IS DISTINCT FROM (OLD.id, OLD.booking_id, OLD.specialist_id, OLD.client_id,
            OLD.created_at, OLD.editable_until) THEN
            RAISE EXCEPTION USING ERRCODE = '42501', MESSAGE = 'a note keeps its session and time';
        ELSIF current_user = 'consulta_worker' THEN
            RETURN NEW;
        ELSIF app.now() >= OLD.editable_until THEN
            PERFORM app.refuse('NOTE_IS_FINAL');
        END IF;
        NEW.revision := OLD.revision + 1;
        NEW.updated_at := app.now();
        RETURN NEW;
    END IF;
    -- The lock is a statement of its own, so that the count sees whoever was faster.
    PERFORM 1 FROM app.bookings b WHERE b.id = NEW.booking_id FOR NO KEY UPDATE;
    SELECT b.status INTO status_now FROM app.bookings b WHERE b.id = NEW.booking_id;
    IF status_now NOT IN ('confirmed', 'completed', 'no_show', 'refunded') THEN
        PERFORM app.refuse('NOTE_NOT_POSSIBLE');
    ELSIF (SELECT count(*) FROM app.session_notes n WHERE n.booking_id = NEW.booking_id) >= 20 THEN
        PERFORM app.refuse('TOO_MANY_NOTES');
    END IF;
    NEW.created_at := app.now();
    NEW.updated_at := app.now();
    NEW.editable_until := app.now() + interval '24 hours';
    RETURN NEW;
END
$$;
COMMENT ON FUNCTION app.guard_session_note() IS
    'Notes belong to sessions that were confirmed, at most 20 to one, and are final 24 hours after they were made. NOTE_IS_FINAL, NOTE_NOT_POSSIBLE, TOO_MANY_NOTES.';

CREATE FUNCTION app.guard_amendment() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        IF current_user <> 'consulta_worker' THEN
            RAISE EXCEPTION USING ERRCODE = '42501', MESSAGE = 'an amendment stays as it is';
        END IF;
        RETURN NEW;
    END IF;
    PERFORM 1 FROM app.session_notes n WHERE n.id = NEW.note_id FOR NO KEY UPDATE;
    IF (SELECT count(*) FROM app.session_note_amendments a WHERE a.note_id = NEW.note_id) >= 50 THEN
        PERFORM app.refuse('TOO_MANY_AMENDMENTS');
    END IF;
    NEW.created_at := app.now();
    RETURN NEW;
END
$$;
COMMENT ON FUNCTION app.guard_amendment() IS
    'What was appended to a note stays; at most 50 to one. TOO_MANY_AMENDMENTS.';

CREATE FUNCTION app.guard_intake_answers() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    booking app.bookings;
BEGIN
    IF TG_OP = 'UPDATE' THEN
        IF (NEW.booking_id, NEW.specialist_id, NEW.client_id, NEW.created_at)
           IS DISTINCT FROM (OLD.booking_id, OLD.specialist_id, OLD.client_id, OLD.created_at) THEN
            RAISE EXCEPTION USING ERRCODE = '42501', MESSAGE = 'answers keep their session';
        ELSIF current_user = 'consulta_worker' THEN
            RETURN NEW;
        END IF;
        NEW.revision := OLD.revision + 1;
    ELSE
        NEW.created_at := app.now();
    END IF;
    NEW.updated_at := app.now();
    NEW.submitted_at := app.now();
    SELECT * INTO booking FROM app.bookings b WHERE b.id = NEW.booking_id;
    IF booking.id IS NULL THEN
        -- Before the key is looked at, which would tell whether a stranger's session has answers.
        RAISE EXCEPTION USING ERRCODE = '42501', MESSAGE = 'answers are for the own session';
    ELSIF booking.status NOT IN ('pending_payment', 'awaiting_confirmation', 'confirmed')
       OR booking.ends_at <= app.now() THEN
        PERFORM app.refuse('INTAKE_CLOSED');
    ELSIF NOT EXISTS (SELECT 1 FROM app.intake_forms f
                      WHERE f.id = NEW.form_id AND f.is_active
                        AND (f.rate_id IS NULL OR f.rate_id = booking.rate_id)) THEN
        PERFORM app.refuse('INTAKE_FORM_CHANGED');
    END IF;
    RETURN NEW;
END
$$;
COMMENT ON FUNCTION app.guard_intake_answers() IS
    'Answers are given to a form in force, for a session that stands and has not ended. INTAKE_CLOSED, INTAKE_FORM_CHANGED.';
