-- Money that was reserved after its booking had lapsed: the same span is taken again while it is
-- free, as if the payer had come in time.

CREATE FUNCTION app.retake_span(p_booking uuid) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = app, pg_catalog, pg_temp AS $$
DECLARE
    owner uuid;
    booking app.bookings;
    owed app.payments;
    minutes integer;
    claimed app.slots;
BEGIN
    SELECT b.specialist_id INTO owner FROM app.bookings b WHERE b.id = p_booking;
    PERFORM 1 FROM app.calendars c WHERE c.specialist_id = owner FOR UPDATE;
    SELECT * INTO booking FROM app.bookings b WHERE b.id = p_booking FOR UPDATE;
    SELECT * INTO owed FROM app.payments p
    WHERE p.booking_id = p_booking AND p.status = 'authorized' FOR UPDATE;
    IF NOT app.may_be_retaken(booking, owed) THEN
        RETURN false;
    END IF;
    minutes := extract(epoch FROM booking.ends_at - booking.starts_at) / 60;
    BEGIN
        PERFORM app.use_coupon_again(booking);
        IF booking.booked_anyway THEN
            claimed := app.claim_anyway(owner, booking.rate_id, minutes, booking.starts_at,
                'booked', NULL, booking.client_id, NULL);
        ELSE
            claimed := app.claim_span(owner, booking.rate_id, minutes, booking.starts_at,
                'booked', NULL, booking.client_id, NULL, NULL);
        END IF;
    EXCEPTION WHEN SQLSTATE 'CS001' THEN
        -- Somebody else has the time, or the coupon, by now: what was begun here is undone.
        RETURN false;
    END;
    UPDATE app.bookings SET slot_id = claimed.id WHERE id = booking.id;
    UPDATE app.payment_operations
    SET state = 'dead', last_error = 'the time was taken again'
    WHERE payment_id = owed.id AND kind = 'cancel' AND state = 'pending';
    RETURN true;
END
$$;
COMMENT ON FUNCTION app.retake_span(uuid) IS
    'True if a booking that lapsed unpaid has its span again, booked, its coupon used again and the release of its money withdrawn; the caller moves its status. False, and nothing happens, where that cannot be. Locks the calendar first.';
GRANT EXECUTE ON FUNCTION app.retake_span(uuid) TO consulta_worker;

-- Internal: whether the money is there to stay, and nothing but the clock ended the booking.
CREATE FUNCTION app.may_be_retaken(p_booking app.bookings, p_owed app.payments) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = app, pg_catalog, pg_temp AS $$
    SELECT p_booking.status = 'expired' AND p_booking.starts_at > app.now()
        AND p_owed.id IS NOT NULL
        AND (p_owed.capture_before IS NULL OR p_owed.capture_before > app.now())
        AND (SELECT h.from_status = 'pending_payment' FROM app.booking_status_history h
             WHERE h.booking_id = p_booking.id AND h.to_status = 'expired'
             ORDER BY h.at DESC, h.id DESC LIMIT 1)
        -- A release that was sent, or was not needed, may have had its effect.
        AND NOT EXISTS (
            SELECT 1 FROM app.payment_operations o
            WHERE o.payment_id = p_owed.id AND o.kind IN ('capture', 'cancel')
              AND o.state <> 'dead' AND NOT (o.state = 'pending' AND o.first_sent_at IS NULL))
$$;
COMMENT ON FUNCTION app.may_be_retaken(app.bookings, app.payments) IS
    'Whether that booking lapsed unpaid, its money is reserved now, and no release of it is on its way.';

-- Internal. The coupon's lock crosses calendars, but nobody who holds it waits for another calendar.
CREATE FUNCTION app.use_coupon_again(p_booking app.bookings) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = app, pg_catalog, pg_temp AS $$
DECLARE
    coupon app.coupons;
    refusal text;
BEGIN
    IF p_booking.coupon_id IS NULL THEN
        RETURN;
    END IF;
    SELECT * INTO coupon FROM app.coupons c WHERE c.id = p_booking.coupon_id FOR UPDATE;
    coupon.used_count := coupon.used_count - app.count_off(coupon.id);
    refusal := app.coupon_refusal(coupon, p_booking.client_id, p_booking.price_minor, p_booking.currency);
    IF refusal IS NOT NULL THEN
        PERFORM app.refuse(refusal);
    END IF;
    UPDATE app.coupons c SET used_count = coupon.used_count + 1 WHERE c.id = coupon.id;
    UPDATE app.coupon_usages u SET state = 'used', is_counted = true, returned_at = NULL
    WHERE u.booking_id = p_booking.id AND u.state = 'returned';
END
$$;
COMMENT ON FUNCTION app.use_coupon_again(app.bookings) IS
    'The use that the booking gave back is a use again, at the discount it had; or a refusal of app.coupon_refusal.';
