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

-- What was returned at the gateway itself counts, and so does what is on its way back, and what the
-- payer has had through the bank by a dispute that was lost.
CREATE FUNCTION app.returned_minor(p_payment app.payments) RETURNS bigint
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = app, pg_catalog, pg_temp AS $$
    -- A bank may take back what a refund had returned before: no more than was taken counts.
    SELECT least(p_payment.captured_minor, p_payment.lost_minor
         + greatest(p_payment.refunded_minor, coalesce(sum(o.amount_minor), 0)::bigint))
    FROM app.payment_operations o
    WHERE o.payment_id = p_payment.id AND o.kind = 'refund' AND o.state <> 'dead'
$$;
COMMENT ON FUNCTION app.returned_minor(app.payments) IS
    'How much of that payment went back or is about to, in minor units.';

CREATE FUNCTION app.refund_minor(p_payment app.payments, p_percent integer) RETURNS bigint
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = app, pg_catalog, pg_temp AS $$
    SELECT coalesce(greatest(0, (p_payment.captured_minor * p_percent + 50) / 100
                                - app.returned_minor(p_payment)), 0)
$$;
COMMENT ON FUNCTION app.refund_minor(app.payments, integer) IS
    'What is still due of that share of what was taken, in minor units, rounded half up.';

CREATE FUNCTION app.quote_lasts() RETURNS interval
LANGUAGE sql IMMUTABLE PARALLEL SAFE SECURITY DEFINER
SET search_path = app, pg_catalog, pg_temp AS $$ SELECT interval '15 minutes' $$;
COMMENT ON FUNCTION app.quote_lasts() IS
    'For so long the terms of a cancellation that were quoted are the terms that apply (D12).';

-- What the terms of a cancellation are made of, for whoever only asks.
CREATE FUNCTION app.look_at_booking(p_booking uuid) RETURNS jsonb
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = app, pg_catalog, pg_temp AS $$
DECLARE
    me uuid := app.user_id();
    staff boolean := app.caller_role() IN ('consulta_admin', 'consulta_worker');
BEGIN
    RETURN (
        SELECT jsonb_build_object('booking', to_jsonb(b), 'payment', to_jsonb(p),
            'returned_minor', app.returned_minor(p),
            'capture_under_way', EXISTS (
                SELECT 1 FROM app.payment_operations o WHERE o.payment_id = p.id
                  AND o.kind = 'capture' AND o.state NOT IN ('done', 'dead')),
            'now', app.now())
        FROM app.bookings b
        LEFT JOIN app.payments p
          ON p.booking_id = b.id AND p.status NOT IN ('failed', 'cancelled')
        WHERE b.id = p_booking AND (staff OR b.client_id = me OR b.specialist_id = me));
END
$$;
COMMENT ON FUNCTION app.look_at_booking(uuid) IS
    'What app.lock_booking returns, with nothing locked; NULL for whoever may not see the booking.';
GRANT EXECUTE ON FUNCTION app.look_at_booking(uuid)
    TO consulta_user, consulta_admin, consulta_worker;

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
        percent := app.refund_percent(booking, app.now() - app.quote_lasts());
        IF NEW.refund_percent > percent AND paid.captured_minor > 0
           OR NEW.refund_minor > app.refund_minor(paid, percent)
           OR NEW.credit_returned AND percent < 100 AND app.was_confirmed(booking.id) THEN
            PERFORM app.refuse('REFUND_NOT_DUE');
        END IF;
    ELSIF NEW.cancelled_by_kind = 'specialist'
          AND (NEW.refund_minor <> app.refund_minor(paid, 100)
               OR booking.package_purchase_id IS NOT NULL AND NOT NEW.credit_returned) THEN
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

-- The older system's callers hear whether a booking is somebody else's or nobody's; all others hear
-- the same of both (D10).
CREATE FUNCTION app.booking_exists(p_booking uuid) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = app, pg_catalog, pg_temp AS $$
    SELECT app.user_id() IS NOT NULL
           AND EXISTS (SELECT 1 FROM app.bookings b WHERE b.id = p_booking)
$$;
COMMENT ON FUNCTION app.booking_exists(uuid) IS
    'Whether there is such a booking, no matter whose; false for whoever is not signed in.';
GRANT EXECUTE ON FUNCTION app.booking_exists(uuid) TO consulta_user, consulta_admin;

CREATE FUNCTION app.was_confirmed(p_booking uuid) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = app, pg_catalog, pg_temp AS $$
    SELECT EXISTS (SELECT 1 FROM app.booking_status_history h
                   WHERE h.booking_id = p_booking AND h.to_status = 'confirmed')
$$;
COMMENT ON FUNCTION app.was_confirmed(uuid) IS 'Whether that booking ever stood confirmed.';

GRANT EXECUTE ON FUNCTION app.check_cancellation() TO consulta_owner;
