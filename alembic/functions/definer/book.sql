-- The booking transaction: claim, booking, payment and its first operation, in one call.

CREATE FUNCTION app.book(
    p_specialist uuid, p_rate uuid, p_starts_at timestamptz, p_client uuid,
    p_hold_token_hash bytea, p_note text, p_params jsonb,
    p_pay_minutes integer, p_lease_seconds integer, p_coupon_code text DEFAULT NULL,
    p_purchase uuid DEFAULT NULL, p_by_hand boolean DEFAULT false, p_anyway boolean DEFAULT false)
RETURNS jsonb
LANGUAGE plpgsql SECURITY DEFINER SET search_path = app, pg_catalog, pg_temp AS $$
DECLARE
    me uuid := app.user_id();
    client uuid := coalesce(p_client, me);
    page app.specialists;
    rate app.specialist_rates;
    discount bigint := 0;
    coupon uuid;
    coupon_word text;
    purchase uuid;
    claimed app.slots;
    own_slot uuid;
    total bigint;
    paid_by text;
    paid_through text := '';
    opening text;
    expires timestamptz;
    booking_id uuid := app.new_id();
    payment_id uuid;
    operation app.payment_operations;
BEGIN
    IF me IS NULL THEN
        PERFORM app.refuse('UNAUTHORIZED');
    ELSIF (client <> me OR p_by_hand OR p_anyway) AND me <> p_specialist
          AND app.caller_role() <> 'consulta_admin' THEN
        PERFORM app.refuse('FORBIDDEN');
    ELSIF client = p_specialist THEN
        PERFORM app.refuse('CANNOT_BOOK_YOURSELF');
    ELSIF client <> me AND NOT EXISTS (
        SELECT 1 FROM app.users u WHERE u.id = client AND u.is_active AND u.role <> 'admin') THEN
        PERFORM app.refuse('CLIENT_NOT_FOUND');
    END IF;
    own_slot := app.hold_of(p_specialist, p_rate, p_starts_at, p_hold_token_hash);
    SELECT * INTO page FROM app.specialists s WHERE s.id = p_specialist;
    SELECT * INTO rate FROM app.specialist_rates r WHERE r.id = p_rate;
    IF p_coupon_code IS NOT NULL OR p_purchase IS NOT NULL THEN
        SELECT s.* INTO discount, coupon, coupon_word, purchase
        FROM app.spend(p_specialist, client, rate, p_coupon_code, p_purchase) s;
    END IF;
    total := rate.price_minor - discount;
    IF total > 0 AND p_by_hand THEN
        paid_by := 'manual';
    ELSIF total > 0 THEN
        SELECT t.provider, t.account INTO paid_by, paid_through
        FROM app.till_of(p_specialist) t;
    END IF;
    opening := CASE
        -- What a specialist books is accepted by that.
        WHEN coalesce(paid_by, 'manual') = 'manual' AND me = p_specialist THEN 'confirmed'
        WHEN paid_by IS NULL AND page.auto_confirm THEN 'confirmed'
        WHEN coalesce(paid_by, 'manual') = 'manual' THEN 'awaiting_confirmation'
        ELSE 'pending_payment' END;
    expires := CASE opening
        WHEN 'pending_payment' THEN CASE
            WHEN me = client THEN app.now() + make_interval(mins => least(p_pay_minutes, 60))
            ELSE app.pay_by(p_starts_at) END
        WHEN 'awaiting_confirmation' THEN
            least(app.now() + make_interval(hours => page.confirmation_hours), p_starts_at) END;

    IF p_anyway THEN
        PERFORM 1 FROM app.calendars c WHERE c.specialist_id = p_specialist FOR UPDATE;
        claimed := app.claim_anyway(p_specialist, p_rate,
            app.bookable_minutes(p_specialist, p_rate), p_starts_at,
            CASE opening WHEN 'pending_payment' THEN 'held' ELSE 'booked' END, expires, client,
            own_slot);
    ELSE
        claimed := app.claim(p_specialist, p_rate, p_starts_at,
            CASE opening WHEN 'pending_payment' THEN 'held' ELSE 'booked' END, expires, client,
            NULL, own_slot);
    END IF;
    INSERT INTO app.bookings (id, specialist_id, client_id, rate_id, slot_id, kind, status, starts_at,
        ends_at, price_minor, discount_minor, currency, policy, policy_tiers, auto_confirm,
        expires_at, note, booked_by, coupon_id, coupon_code, package_purchase_id, booked_anyway)
    VALUES (booking_id, p_specialist, client, rate.id, claimed.id, rate.kind, opening,
        claimed.session_starts_at, claimed.session_ends_at, rate.price_minor,
        discount, rate.currency, page.cancellation_policy,
        app.policy_tiers(page.cancellation_policy, page.cancellation_tiers),
        page.auto_confirm OR me = p_specialist, expires, p_note, me, coupon,
        coupon_word, purchase, coalesce(p_anyway, false));
    IF coupon IS NOT NULL THEN
        INSERT INTO app.coupon_usages
            (coupon_id, booking_id, specialist_id, client_id, discount_minor, currency)
        VALUES (coupon, booking_id, p_specialist, client, discount, rate.currency);
    ELSIF purchase IS NOT NULL THEN
        INSERT INTO app.package_credits
            (purchase_id, specialist_id, client_id, kind, credits, booking_id)
        VALUES (purchase, p_specialist, client, 'reserved', -1, booking_id);
    END IF;
    IF paid_by IS NOT NULL THEN
        INSERT INTO app.payments
            (booking_id, specialist_id, client_id, provider, account, amount_minor, currency)
        VALUES (booking_id, p_specialist, client, paid_by, paid_through, total, rate.currency)
        RETURNING id INTO payment_id;
        IF paid_by <> 'manual' THEN
            operation := app.enqueue_operation(
                payment_id, 'authorize', total, app.said_by_payer(p_params), p_lease_seconds);
        END IF;
    END IF;
    RETURN jsonb_build_object('booking_id', booking_id, 'payment_id', payment_id,
        'provider', paid_by, 'account', paid_through, 'operation_id', operation.id,
        'fence', operation.fence, 'status', opening, 'client_id', client, 'amount_minor', total,
        'currency', rate.currency, 'starts_at', claimed.session_starts_at, 'expires_at', expires);
END
$$;
COMMENT ON FUNCTION app.book(uuid, uuid, timestamptz, uuid, bytea, text, jsonb, integer, integer, text, uuid, boolean, boolean) IS
    'One booking with its claim, payment and leased authorisation, or a refusal and nothing at all. The price is the rate''s, by nobody else''s word; a coupon or a credit lowers it. Who takes the money the specialist says, or else the house. Booking by hand or anyway is the specialist''s and admins''.';
GRANT EXECUTE ON FUNCTION
    app.book(uuid, uuid, timestamptz, uuid, bytea, text, jsonb, integer, integer, text, uuid, boolean, boolean)
    TO consulta_user, consulta_admin;

-- The 30-minute clock is for bookings made live by their payer; others may be paid until a day
-- before the session, or for half an hour where that has passed already (D13).
CREATE FUNCTION app.pay_by(p_starts_at timestamptz) RETURNS timestamptz
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = app, pg_catalog, pg_temp AS $$
    SELECT least(p_starts_at,
        greatest(app.now() + interval '30 minutes', p_starts_at - interval '24 hours'))
$$;
COMMENT ON FUNCTION app.pay_by(timestamptz) IS
    'Until when a booking that its payer did not make himself may be paid.';
GRANT EXECUTE ON FUNCTION app.pay_by(timestamptz) TO consulta_worker;

-- The caller's own live hold on that start: by its token, or by the person who holds it.
CREATE FUNCTION app.hold_of(
    p_specialist uuid, p_rate uuid, p_starts_at timestamptz, p_token_hash bytea)
RETURNS uuid
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = app, pg_catalog, pg_temp AS $$
DECLARE
    held app.slots;
BEGIN
    SELECT s.* INTO held FROM app.slots s
    -- Written so that only the calendar's own index serves: with yesterday's statistics the planner
    -- would prefer the index of all held spans, and read those of every calendar.
    WHERE s.specialist_id = p_specialist AND s.status IN ('held', 'booked')
      AND s.status <> 'booked' AND s.held_until > app.now()
      AND s.ends_at > p_starts_at AND s.session_starts_at = p_starts_at
      AND NOT EXISTS (SELECT 1 FROM app.bookings b WHERE b.slot_id = s.id)
      AND CASE WHEN p_token_hash IS NOT NULL THEN s.hold_token_hash = p_token_hash
               ELSE s.held_by = app.user_id() END;
    IF p_token_hash IS NOT NULL AND (held.id IS NULL OR held.rate_id IS DISTINCT FROM p_rate) THEN
        PERFORM app.refuse('HOLD_NOT_FOUND');
    END IF;
    RETURN held.id;
END
$$;
COMMENT ON FUNCTION app.hold_of(uuid, uuid, timestamptz, bytea) IS
    'The id of the caller''s live hold on that start, or NULL; refuses a token that fits nothing.';

-- People may change a booking only under its calendar's lock: this takes calendar, booking and
-- payment in that order and says what is there, or NULL where the caller is no party.
CREATE FUNCTION app.lock_booking(p_booking uuid) RETURNS jsonb
LANGUAGE plpgsql SECURITY DEFINER SET search_path = app, pg_catalog, pg_temp AS $$
DECLARE
    me uuid := app.user_id();
    staff boolean := app.caller_role() IN ('consulta_admin', 'consulta_worker');
    owner uuid;
    booking app.bookings;
    payment app.payments;
BEGIN
    SELECT b.specialist_id INTO owner FROM app.bookings b
    WHERE b.id = p_booking AND (staff OR b.client_id = me OR b.specialist_id = me);
    IF owner IS NULL THEN
        RETURN NULL;
    END IF;
    PERFORM 1 FROM app.calendars c WHERE c.specialist_id = owner FOR UPDATE;
    SELECT * INTO booking FROM app.bookings b WHERE b.id = p_booking FOR UPDATE;
    SELECT * INTO payment FROM app.payments p
    WHERE p.booking_id = p_booking AND p.status NOT IN ('failed', 'cancelled') FOR UPDATE;
    RETURN jsonb_build_object('booking', to_jsonb(booking),
        'payment', CASE WHEN payment.id IS NOT NULL THEN to_jsonb(payment) END,
        'returned_minor', app.returned_minor(payment),
        'capture_under_way', EXISTS (
            SELECT 1 FROM app.payment_operations o WHERE o.payment_id = payment.id
              AND o.kind = 'capture' AND o.state NOT IN ('done', 'dead')),
        'now', app.now());
END
$$;
COMMENT ON FUNCTION app.lock_booking(uuid) IS
    'Locks calendar, booking and live payment, and returns them; NULL for whoever may not see the booking.';
GRANT EXECUTE ON FUNCTION app.lock_booking(uuid) TO consulta_user, consulta_admin, consulta_worker;

-- The claim of a booking that has ended is free again; of one that still stands, nothing happens.
CREATE FUNCTION app.release_booking(p_booking uuid) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = app, pg_catalog, pg_temp AS $$
DECLARE
    ended app.bookings;
BEGIN
    SELECT * INTO ended FROM app.bookings b
    WHERE b.id = p_booking AND b.status IN ('cancelled', 'declined', 'expired')
      AND (app.caller_role() IN ('consulta_admin', 'consulta_worker')
           OR app.user_id() IN (b.client_id, b.specialist_id));
    IF ended.id IS NULL THEN
        RETURN false;
    END IF;
    PERFORM app.release(ended.slot_id);
    RETURN true;
END
$$;
COMMENT ON FUNCTION app.release_booking(uuid) IS
    'True if the booking has ended and its span is free again.';
GRANT EXECUTE ON FUNCTION app.release_booking(uuid) TO consulta_user, consulta_admin, consulta_worker;
