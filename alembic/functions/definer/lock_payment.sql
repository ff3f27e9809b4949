-- What a provider said may change a booking or a purchase, too: calendar, purchase, booking and
-- payment are locked in the order that everybody keeps (D3), before anything is decided.

CREATE FUNCTION app.lock_payment(p_payment uuid) RETURNS jsonb
LANGUAGE plpgsql SECURITY DEFINER SET search_path = app, pg_catalog, pg_temp AS $$
DECLARE
    known app.payments;
    booking app.bookings;
    purchase app.package_purchases;
    disputes jsonb := '[]';
BEGIN
    SELECT * INTO known FROM app.payments p WHERE p.id = p_payment;
    IF known.id IS NULL THEN
        RETURN NULL;
    END IF;
    PERFORM 1 FROM app.calendars c WHERE c.specialist_id = known.specialist_id FOR UPDATE;
    IF known.booking_id IS NULL THEN
        SELECT * INTO purchase FROM app.package_purchases p
        WHERE p.id = known.package_purchase_id FOR UPDATE;
    ELSE
        SELECT * INTO booking FROM app.bookings b WHERE b.id = known.booking_id FOR UPDATE;
    END IF;
    SELECT * INTO known FROM app.payments p WHERE p.id = p_payment FOR UPDATE;
    IF known.is_disputed OR known.dispute_status IS NOT NULL THEN
        SELECT coalesce(jsonb_agg(to_jsonb(d) ORDER BY d.created_at, d.id), '[]') INTO disputes
        FROM app.payment_disputes d WHERE d.payment_id = known.id;
    END IF;
    RETURN jsonb_build_object('payment', to_jsonb(known), 'disputes', disputes, 'now', app.now());
END
$$;
COMMENT ON FUNCTION app.lock_payment(uuid) IS
    'Locks calendar, purchase or booking, and payment, and returns the last with its disputes; NULL for an unknown payment.';
GRANT EXECUTE ON FUNCTION app.lock_payment(uuid) TO consulta_worker;
