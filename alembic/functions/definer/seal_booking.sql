-- The claim of a booking that is paid for, or about to be decided on, has no expiry of its own.

CREATE FUNCTION app.seal_booking(p_booking uuid, p_expires_at timestamptz) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = app, pg_catalog, pg_temp AS $$
BEGIN
    UPDATE app.bookings SET expires_at = p_expires_at WHERE id = p_booking;
    UPDATE app.slots s SET status = 'booked', held_until = NULL
    FROM app.bookings b WHERE b.id = p_booking AND s.id = b.slot_id AND s.status <> 'released';
END
$$;
COMMENT ON FUNCTION app.seal_booking(uuid, timestamptz) IS
    'The held span of that booking is booked; the booking itself expires then, or never. The caller has the calendar''s lock.';
GRANT EXECUTE ON FUNCTION app.seal_booking(uuid, timestamptz) TO consulta_worker;
