-- What a cancellation gives back: the tiers, and the check of the record (D12).

CREATE FUNCTION app.policy_tiers(p_policy text, p_custom jsonb) RETURNS jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE SECURITY DEFINER
SET search_path = app, pg_catalog, pg_temp AS $$
    SELECT CASE p_policy
        WHEN 'standard' THEN '[{"hours_before": 24, "refund_percent": 100},
                               {"hours_before": 2, "refund_percent": 50}]'
        WHEN 'flexible' THEN '[{"hours_before": 2, "refund_percent": 100}]'
        WHEN 'strict' THEN '[{"hours_before": 48, "refund_percent": 100},
                             {"hours_before": 24, "refund_percent": 50}]'
        WHEN 'no_refund' THEN '[]'
        ELSE coalesce(p_custom, '[]') END::jsonb
$$;
COMMENT ON FUNCTION app.policy_tiers(text, jsonb) IS
    'The tiers of that policy, the longest notice first: what a booking keeps a copy of (D12).';
GRANT EXECUTE ON FUNCTION app.policy_tiers(text, jsonb) TO consulta_worker;

CREATE FUNCTION app.refund_percent(p_booking app.bookings, p_at timestamptz) RETURNS integer
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = app, pg_catalog, pg_temp AS $$
    SELECT coalesce(max((t ->> 'refund_percent')::integer), 0)
    FROM (
        SELECT t FROM jsonb_array_elements(coalesce(p_booking.policy_tiers,
            app.policy_tiers(p_booking.policy, NULL))) t
        WHERE coalesce(p_booking.tier_starts_at, p_booking.starts_at) - p_at
              >= make_interval(hours => (t ->> 'hours_before')::integer)
        ORDER BY (t ->> 'hours_before')::integer DESC
        LIMIT 1) q
$$;
COMMENT ON FUNCTION app.refund_percent(app.bookings, timestamptz) IS
    'Which share the booking''s own tiers give back at that moment; exactly 24 hours is 24 hours (D12).';

CREATE FUNCTION app.refund_minor(p_payment app.payments, p_percent integer) RETURNS bigint
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = app, pg_catalog, pg_temp AS $$
    SELECT coalesce(greatest(0, least(
        (p_payment.captured_minor * p_percent + 50) / 100 - p_payment.refunded_minor,
        p_payment.captured_minor - p_payment.refunded_minor)), 0)
$$;
COMMENT ON FUNCTION app.refund_minor(app.payments, integer) IS
    'What is still due of that share of what was taken, in minor units, rounded half up.';

-- The terms of a cancellation are checked where they are written down for good.
CREATE FUNCTION app.check_cancellation() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = app, pg_catalog, pg_temp AS $$
DECLARE
    booking app.bookings;
    paid app.payments;
    percent integer;
BEGIN
    SELECT * INTO booking FROM app.bookings b WHERE b.id = NEW.booking_id;
    SELECT * INTO paid FROM app.payments p
    WHERE p.booking_id = NEW.booking_id AND p.status NOT IN ('failed', 'cancelled');
    IF NEW.cancelled_by_kind = 'client' THEN
        -- The best that a quote may have promised: they live for so long.
        percent := app.refund_percent(booking, app.now() - interval '15 minutes');
        IF NEW.refund_percent > percent AND paid.captured_minor > 0
           OR NEW.refund_minor > app.refund_minor(paid, percent)
           OR NEW.credit_returned AND percent < 100 AND app.was_confirmed(booking.id) THEN
            PERFORM app.refuse('REFUND_NOT_DUE');
        END IF;
    ELSIF NEW.cancelled_by_kind = 'specialist'
          AND NEW.refund_minor <> app.refund_minor(paid, 100) THEN
        PERFORM app.refuse('REFUND_NOT_DUE');
    END IF;
    PERFORM app.settle_spending(booking, CASE
        WHEN booking.package_purchase_id IS NOT NULL THEN NEW.credit_returned
        -- A coupon that brought somebody a session which he then called off has been used.
        ELSE NEW.cancelled_by_kind <> 'client' OR NOT app.was_confirmed(booking.id) END);
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION app.check_cancellation() IS
    'REFUND_NOT_DUE where a client would take more than the tiers give, or a specialist give less than all; coupon and credit are settled as the record says.';

CREATE FUNCTION app.was_confirmed(p_booking uuid) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = app, pg_catalog, pg_temp AS $$
    SELECT EXISTS (SELECT 1 FROM app.booking_status_history h
                   WHERE h.booking_id = p_booking AND h.to_status = 'confirmed')
$$;
COMMENT ON FUNCTION app.was_confirmed(uuid) IS 'Whether that booking ever stood confirmed.';

GRANT EXECUTE ON FUNCTION app.check_cancellation() TO consulta_owner;
