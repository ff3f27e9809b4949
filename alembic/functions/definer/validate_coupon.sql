-- What a code would take off, for whoever types it: people never read coupons of others.

CREATE FUNCTION app.validate_coupon(p_code text, p_specialist uuid, p_rate uuid)
RETURNS TABLE (code text, kind text, percent smallint, price_minor bigint, discount_minor bigint,
    total_minor bigint, currency text, valid_until timestamptz)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = app, pg_catalog, pg_temp AS $$
DECLARE
    me uuid := app.user_id();
    coupon app.coupons;
    rate app.specialist_rates;
    refusal text;
    discount bigint;
BEGIN
    IF me IS NULL THEN
        PERFORM app.refuse('UNAUTHORIZED');
    END IF;
    PERFORM app.bookable_minutes(p_specialist, p_rate);
    SELECT * INTO rate FROM app.specialist_rates r WHERE r.id = p_rate;
    SELECT * INTO coupon FROM app.coupon_of(p_specialist, p_code);
    coupon.used_count := coupon.used_count - (
        SELECT count(*) FROM app.coupon_usages u
        WHERE u.coupon_id = coupon.id AND u.state = 'returned' AND u.is_counted);
    refusal := app.coupon_refusal(coupon, me, rate.price_minor, rate.currency);
    IF refusal IS NOT NULL THEN
        PERFORM app.refuse(refusal);
    END IF;
    discount := app.coupon_discount(coupon, rate.price_minor);
    RETURN QUERY SELECT coupon.code, coupon.kind, coupon.percent, rate.price_minor, discount,
        rate.price_minor - discount, rate.currency, coupon.valid_until;
END
$$;
COMMENT ON FUNCTION app.validate_coupon(text, uuid, uuid) IS
    'What that code would take off that rate for the caller at this moment; else the refusal that a booking would meet. It locks nothing and promises nothing.';
GRANT EXECUTE ON FUNCTION app.validate_coupon(text, uuid, uuid) TO consulta_user, consulta_admin;
