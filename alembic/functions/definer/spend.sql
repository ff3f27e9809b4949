-- What lowers the price of a booking: one coupon, or one credit of a package. Locks are taken in
-- the order that everybody keeps: calendar, coupon, purchase (D3).

CREATE FUNCTION app.spend(
    p_specialist uuid, p_client uuid, p_rate app.specialist_rates, p_coupon_code text,
    p_purchase uuid)
RETURNS TABLE (discount_minor bigint, coupon_id uuid, coupon_code text, purchase_id uuid)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = app, pg_catalog, pg_temp AS $$
DECLARE
    coupon app.coupons;
    refusal text;
BEGIN
    IF p_coupon_code IS NOT NULL AND p_purchase IS NOT NULL THEN
        PERFORM app.refuse('ONE_DISCOUNT_ONLY');
    END IF;
    -- Nothing is taken for a session that cannot be booked at all.
    PERFORM 1 FROM app.calendars c WHERE c.specialist_id = p_specialist FOR UPDATE;
    PERFORM app.bookable_minutes(p_specialist, p_rate.id);
    IF p_purchase IS NOT NULL THEN
        PERFORM app.lock_credit(p_purchase, p_specialist, p_client, p_rate.id);
        RETURN QUERY SELECT p_rate.price_minor, NULL::uuid, NULL::text, p_purchase;
        RETURN;
    END IF;
    SELECT c.id INTO coupon.id FROM app.coupon_of(p_specialist, p_coupon_code) c;
    SELECT * INTO coupon FROM app.coupons c WHERE c.id = coupon.id FOR UPDATE;
    -- Whoever gives a use back does not touch the coupon; the next use counts it off.
    coupon.used_count := coupon.used_count - app.count_off(coupon.id);
    refusal := app.coupon_refusal(coupon, p_client, p_rate.price_minor, p_rate.currency);
    IF refusal IS NOT NULL THEN
        PERFORM app.refuse(refusal);
    END IF;
    UPDATE app.coupons c SET used_count = coupon.used_count + 1 WHERE c.id = coupon.id;
    RETURN QUERY SELECT app.coupon_discount(coupon, p_rate.price_minor), coupon.id, coupon.code,
        NULL::uuid;
END
$$;
COMMENT ON FUNCTION app.spend(uuid, uuid, app.specialist_rates, text, uuid) IS
    'A use of the coupon is counted, or a credit found and its purchase locked: what it takes off the price. A refusal of app.coupon_refusal or app.lock_credit, or ONE_DISCOUNT_ONLY. The caller writes the use or the ledger.';

CREATE FUNCTION app.count_off(p_coupon uuid) RETURNS bigint
LANGUAGE sql SECURITY DEFINER SET search_path = app, pg_catalog, pg_temp AS $$
    WITH back AS (
        UPDATE app.coupon_usages u SET is_counted = false
        WHERE u.coupon_id = p_coupon AND u.state = 'returned' AND u.is_counted
        RETURNING 1)
    SELECT count(*) FROM back
$$;
COMMENT ON FUNCTION app.count_off(uuid) IS
    'How many uses were given back since they were last counted off, and are counted off now. The caller has the coupon''s lock and writes used_count.';

-- A specialist's own coupon comes before one of the house with the same code.
CREATE FUNCTION app.coupon_of(p_specialist uuid, p_code text) RETURNS app.coupons
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = app, pg_catalog, pg_temp AS $$
    SELECT c.* FROM app.coupons c
    WHERE c.code = upper(btrim(p_code))
      AND (c.specialist_id = p_specialist OR c.specialist_id IS NULL) AND c.is_active
    ORDER BY c.specialist_id NULLS LAST
    LIMIT 1
$$;
COMMENT ON FUNCTION app.coupon_of(uuid, text) IS
    'The active coupon with that code at that specialist, or NULLs; letter case does not matter.';

CREATE FUNCTION app.coupon_refusal(
    p_coupon app.coupons, p_client uuid, p_price_minor bigint, p_currency text)
RETURNS text
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = app, pg_catalog, pg_temp AS $$
BEGIN
    RETURN CASE
        WHEN p_coupon.id IS NULL OR NOT p_coupon.is_active THEN 'COUPON_NOT_FOUND'
        WHEN p_coupon.valid_from > app.now() THEN 'COUPON_NOT_YET_VALID'
        WHEN p_coupon.valid_until <= app.now() THEN 'COUPON_EXPIRED'
        -- No use is taken for nothing: not for a free session, nor for less than half a minor unit.
        WHEN p_coupon.currency <> p_currency OR app.coupon_discount(p_coupon, p_price_minor) = 0
            THEN 'COUPON_NOT_APPLICABLE'
        WHEN p_coupon.minimum_minor > p_price_minor THEN 'COUPON_MINIMUM_NOT_REACHED'
        WHEN p_coupon.used_count >= p_coupon.most_uses THEN 'COUPON_USED_UP'
        WHEN p_coupon.most_uses_per_client <= (
            SELECT count(*) FROM app.coupon_usages u
            WHERE u.coupon_id = p_coupon.id AND u.client_id = p_client AND u.state = 'used')
            THEN 'COUPON_USED_BY_YOU' END;
END
$$;
COMMENT ON FUNCTION app.coupon_refusal(app.coupons, uuid, bigint, text) IS
    'Why that coupon does not lower that price for that client, as a code; NULL where it does.';

CREATE FUNCTION app.coupon_discount(p_coupon app.coupons, p_price_minor bigint) RETURNS bigint
LANGUAGE sql IMMUTABLE SECURITY DEFINER SET search_path = app, pg_catalog, pg_temp AS $$
    SELECT CASE p_coupon.kind
        WHEN 'percent' THEN (p_price_minor * p_coupon.percent + 50) / 100
        ELSE least(p_coupon.amount_minor, p_price_minor) END
$$;
COMMENT ON FUNCTION app.coupon_discount(app.coupons, bigint) IS
    'What the coupon takes off that price, in minor units; percentages are rounded half up.';

CREATE FUNCTION app.lock_credit(p_purchase uuid, p_specialist uuid, p_client uuid, p_rate uuid)
RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = app, pg_catalog, pg_temp AS $$
DECLARE
    bought app.package_purchases;
BEGIN
    SELECT * INTO bought FROM app.package_purchases p
    WHERE p.id = p_purchase AND p.client_id = p_client AND p.specialist_id = p_specialist
    FOR UPDATE;
    IF bought.id IS NULL THEN
        PERFORM app.refuse('PACKAGE_PURCHASE_NOT_FOUND');
    ELSIF bought.status <> 'active' OR bought.valid_until <= app.now() THEN
        PERFORM app.refuse('PACKAGE_NOT_VALID');
    ELSIF bought.rate_id <> p_rate THEN
        PERFORM app.refuse('CREDIT_FOR_ANOTHER_RATE');
    ELSIF bought.credits_left < 1 THEN
        PERFORM app.refuse('NO_CREDITS_LEFT');
    END IF;
END
$$;
COMMENT ON FUNCTION app.lock_credit(uuid, uuid, uuid, uuid) IS
    'That purchase is locked and has a credit for that rate; or a refusal: PACKAGE_PURCHASE_NOT_FOUND, PACKAGE_NOT_VALID, CREDIT_FOR_ANOTHER_RATE, NO_CREDITS_LEFT. The caller has the calendar''s lock.';

-- The other way round: what a booking spent is settled when it ends.
CREATE FUNCTION app.settle_spending(p_booking app.bookings, p_returned boolean) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = app, pg_catalog, pg_temp AS $$
BEGIN
    IF p_booking.coupon_id IS NOT NULL AND p_returned THEN
        -- The coupon itself is not touched: its lock would cross calendars (see app.count_off).
        UPDATE app.coupon_usages u SET state = 'returned', returned_at = app.now()
        WHERE u.booking_id = p_booking.id AND u.state = 'used';
    ELSIF p_booking.package_purchase_id IS NOT NULL THEN
        INSERT INTO app.package_credits
            (purchase_id, specialist_id, client_id, kind, credits, booking_id)
        VALUES (p_booking.package_purchase_id, p_booking.specialist_id, p_booking.client_id,
            CASE WHEN p_returned THEN 'returned' ELSE 'used' END, p_returned::integer, p_booking.id)
        ON CONFLICT DO NOTHING;
        IF FOUND AND p_returned THEN
            -- Where all the money went back while the session had the credit, the credit follows.
            INSERT INTO app.package_credits (purchase_id, specialist_id, client_id, kind, credits)
            SELECT p.package_purchase_id, p.specialist_id, p.client_id, 'refunded', -1
            FROM app.payments p
            WHERE p.package_purchase_id = p_booking.package_purchase_id AND p.status = 'refunded';
        END IF;
    END IF;
END
$$;
COMMENT ON FUNCTION app.settle_spending(app.bookings, boolean) IS
    'The coupon''s use or the credit of that booking is given back, or the credit is used up for good; once. The caller has the calendar''s lock.';

CREATE FUNCTION app.settle_ended_booking() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = app, pg_catalog, pg_temp AS $$
BEGIN
    PERFORM app.settle_spending(NEW, NEW.status = 'expired');
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION app.settle_ended_booking() IS
    'An expired booking gives back what it spent; a session that was held has used it up.';

GRANT EXECUTE ON FUNCTION app.settle_ended_booking() TO consulta_owner;
