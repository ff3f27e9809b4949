-- Intake: the booking knows that its questions are answered.

CREATE FUNCTION app.mark_intake_completed() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = app, pg_catalog, pg_temp AS $$
BEGIN
    UPDATE app.bookings b SET intake_completed = true
    WHERE b.id = NEW.booking_id AND NOT b.intake_completed;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION app.mark_intake_completed() IS
    'A booking whose questions were answered says so.';
GRANT EXECUTE ON FUNCTION app.mark_intake_completed() TO consulta_owner;
