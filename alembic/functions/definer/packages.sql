-- Packages: buying one, looking at a purchase under its locks, and taking its rest back.

CREATE FUNCTION app.buy_package(
    p_package uuid, p_params jsonb, p_pay_minutes integer, p_lease_seconds integer)
RETURNS jsonb
LANGUAGE plpgsql SECURITY DEFINER SET search_path = app, pg_catalog, pg_temp AS $$
DECLARE
    me uuid := app.user_id();
    offer app.booking_packages;
    paid_by text;
    paid_through text;
    bought app.package_purchases;
    payment_id uuid;
    operation app.payment_operations;
BEGIN
    IF me IS NULL THEN
        PERFORM app.refuse('UNAUTHORIZED');
    END IF;
    -- What nobody may see, nobody may buy: hidden and absent look the same (D10).
    SELECT * INTO offer FROM app.booking_packages o
    WHERE o.id = p_package AND o.is_active
      AND EXISTS (SELECT 1 FROM app.specialists s
                  WHERE s.id = o.specialist_id AND (s.is_verified OR s.id = me));
    IF offer.id IS NULL THEN
        PERFORM app.refuse('PACKAGE_NOT_FOUND');
    ELSIF offer.specialist_id = me THEN
        PERFORM app.refuse('CANNOT_BUY_FROM_YOURSELF');
    END IF;
    -- Nothing is sold that could not be booked.
    PERFORM app.bookable_minutes(offer.specialist_id, offer.rate_id);
    IF offer.price_minor > 0 THEN
        SELECT t.provider, t.account INTO paid_by, paid_through
        FROM app.till_of(offer.specialist_id) t;
    END IF;
    INSERT INTO app.package_purchases (package_id, specialist_id, client_id, rate_id, name,
        session_count, price_minor, currency, valid_for_days, status, expires_at, activated_at,
        valid_until)
    VALUES (offer.id, offer.specialist_id, me, offer.rate_id, offer.name, offer.session_count,
        offer.price_minor, offer.currency, offer.valid_for_days,
        CASE WHEN paid_by IS NULL THEN 'active' ELSE 'pending_payment' END,
        -- Money that is handed over takes its days; a card takes minutes.
        CASE WHEN paid_by = 'manual' THEN app.now() + interval '14 days'
             WHEN paid_by IS NOT NULL
             THEN app.now() + make_interval(mins => least(p_pay_minutes, 60)) END,
        CASE WHEN paid_by IS NULL THEN app.now() END,
        CASE WHEN paid_by IS NULL THEN app.now() + make_interval(days => offer.valid_for_days) END)
    RETURNING * INTO bought;
    IF paid_by IS NULL THEN
        INSERT INTO app.package_credits (purchase_id, specialist_id, client_id, kind, credits)
        VALUES (bought.id, bought.specialist_id, me, 'granted', bought.session_count);
    ELSE
        INSERT INTO app.payments (purpose, package_purchase_id, specialist_id, client_id, provider,
            account, amount_minor, currency)
        VALUES ('package', bought.id, bought.specialist_id, me, paid_by, paid_through,
            bought.price_minor, bought.currency)
        RETURNING id INTO payment_id;
        IF paid_by <> 'manual' THEN
            operation := app.enqueue_operation(payment_id, 'authorize', bought.price_minor,
                app.said_by_payer(p_params) || '{"capture_now": true}', p_lease_seconds);
        END IF;
    END IF;
    RETURN jsonb_build_object('purchase', to_jsonb(bought), 'payment_id', payment_id,
        'provider', paid_by, 'account', paid_through, 'params', operation.params, 'operation_id', operation.id,
        'fence', operation.fence, 'now', app.now());
END
$$;
COMMENT ON FUNCTION app.buy_package(uuid, jsonb, integer, integer) IS
    'One purchase at the package''s price, with its payment and leased charge, which takes the money at once; active with its credits where it costs nothing. Or a refusal and nothing at all.';
GRANT EXECUTE ON FUNCTION app.buy_package(uuid, jsonb, integer, integer) TO consulta_user;

-- How many of its credits wait for the end of a session.
CREATE FUNCTION app.reserved_credits(p_purchase uuid) RETURNS integer
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = app, pg_catalog, pg_temp AS $$
    SELECT (count(*) FILTER (WHERE c.kind = 'reserved')
            - count(*) FILTER (WHERE c.kind IN ('used', 'returned')))::integer
    FROM app.package_credits c WHERE c.purchase_id = p_purchase
$$;
COMMENT ON FUNCTION app.reserved_credits(uuid) IS
    'How many credits of that purchase are reserved for sessions that have not ended.';
GRANT EXECUTE ON FUNCTION app.reserved_credits(uuid) TO consulta_worker;

CREATE FUNCTION app.purchase_facts(p_purchase uuid) RETURNS jsonb
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = app, pg_catalog, pg_temp AS $$
DECLARE
    me uuid := app.user_id();
    bought app.package_purchases;
    payment app.payments;
BEGIN
    SELECT * INTO bought FROM app.package_purchases q
    WHERE q.id = p_purchase
      AND (app.caller_role() IN ('consulta_admin', 'consulta_worker')
           OR me IN (q.client_id, q.specialist_id));
    IF bought.id IS NULL THEN
        RETURN NULL;
    END IF;
    SELECT * INTO payment FROM app.payments p
    WHERE p.package_purchase_id = bought.id AND p.status NOT IN ('failed', 'cancelled');
    RETURN jsonb_build_object('purchase', to_jsonb(bought),
        'payment', CASE WHEN payment.id IS NOT NULL THEN to_jsonb(payment) END,
        'reserved', app.reserved_credits(bought.id),
        'credits_refunded', (SELECT coalesce(-sum(c.credits), 0) FROM app.package_credits c
            WHERE c.purchase_id = bought.id AND c.kind = 'refunded'),
        'returned_minor', app.returned_minor(payment),
        'now', app.now());
END
$$;
COMMENT ON FUNCTION app.purchase_facts(uuid) IS
    'A purchase with its live payment, its credits under way and what was or will be returned; NULL for whoever is no party.';
GRANT EXECUTE ON FUNCTION app.purchase_facts(uuid)
    TO consulta_user, consulta_admin, consulta_worker;

CREATE FUNCTION app.lock_purchase(p_purchase uuid) RETURNS jsonb
LANGUAGE plpgsql SECURITY DEFINER SET search_path = app, pg_catalog, pg_temp AS $$
DECLARE
    me uuid := app.user_id();
    owner uuid;
BEGIN
    SELECT q.specialist_id INTO owner FROM app.package_purchases q
    WHERE q.id = p_purchase
      AND (app.caller_role() IN ('consulta_admin', 'consulta_worker')
           OR me IN (q.client_id, q.specialist_id));
    IF owner IS NULL THEN
        RETURN NULL;
    END IF;
    PERFORM 1 FROM app.calendars c WHERE c.specialist_id = owner FOR UPDATE;
    PERFORM 1 FROM app.package_purchases q WHERE q.id = p_purchase FOR UPDATE;
    PERFORM 1 FROM app.payments p
    WHERE p.package_purchase_id = p_purchase AND p.status NOT IN ('failed', 'cancelled') FOR UPDATE;
    RETURN app.purchase_facts(p_purchase);
END
$$;
COMMENT ON FUNCTION app.lock_purchase(uuid) IS
    'Locks calendar, purchase and live payment, and tells app.purchase_facts; NULL for whoever is no party.';
GRANT EXECUTE ON FUNCTION app.lock_purchase(uuid)
    TO consulta_user, consulta_admin, consulta_worker;

-- Internal: so many credits of it, at the price of a session, rounded half up; all at its price.
CREATE FUNCTION app.credits_worth(p_purchase app.package_purchases, p_credits bigint)
RETURNS bigint
LANGUAGE sql IMMUTABLE SECURITY DEFINER SET search_path = app, pg_catalog, pg_temp AS $$
    SELECT CASE WHEN p_credits >= p_purchase.session_count THEN p_purchase.price_minor
        ELSE least(p_purchase.price_minor, p_credits
            * ((2 * p_purchase.price_minor + p_purchase.session_count)
               / (2 * p_purchase.session_count))) END
$$;
COMMENT ON FUNCTION app.credits_worth(app.package_purchases, bigint) IS
    'What so many credits of that purchase cost, in minor units.';

-- Internal: no credit is taken back without its money.
CREATE FUNCTION app.rest_is_returned(p_purchase app.package_purchases) RETURNS boolean
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = app, pg_catalog, pg_temp AS $$
DECLARE
    payment app.payments;
    asked bigint;
    before bigint;
    refunded bigint;
BEGIN
    SELECT * INTO payment FROM app.payments p
    WHERE p.package_purchase_id = p_purchase.id AND p.status NOT IN ('failed', 'cancelled');
    IF payment.id IS NULL THEN
        RETURN true;
    END IF;
    SELECT coalesce(sum(o.amount_minor) FILTER (WHERE o.xmin = pg_current_xact_id()::xid), 0),
           coalesce(sum(o.amount_minor) FILTER (WHERE o.xmin <> pg_current_xact_id()::xid), 0)
    INTO asked, before FROM app.payment_operations o
    WHERE o.payment_id = payment.id AND o.kind = 'refund' AND o.state <> 'dead';
    SELECT coalesce(-sum(c.credits), 0) INTO refunded FROM app.package_credits c
    WHERE c.purchase_id = p_purchase.id AND c.kind = 'refunded';
    RETURN asked >= least(
        app.credits_worth(p_purchase, refunded + p_purchase.credits_left)
            - app.credits_worth(p_purchase, refunded),
        payment.captured_minor - payment.lost_minor - greatest(payment.refunded_minor, before));
END
$$;
COMMENT ON FUNCTION app.rest_is_returned(app.package_purchases) IS
    'Whether this transaction has asked for what the unused credits are worth, as far as that money is still here; true where nothing was paid.';

CREATE FUNCTION app.take_back_credits(p_purchase uuid) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = app, pg_catalog, pg_temp AS $$
DECLARE
    owner uuid;
    bought app.package_purchases;
BEGIN
    SELECT q.specialist_id INTO owner FROM app.package_purchases q
    WHERE q.id = p_purchase
      AND (app.caller_role() IN ('consulta_admin', 'consulta_worker')
           OR q.specialist_id = app.user_id());
    IF owner IS NULL THEN
        PERFORM app.refuse('PACKAGE_PURCHASE_NOT_FOUND');
    END IF;
    PERFORM 1 FROM app.calendars c WHERE c.specialist_id = owner FOR UPDATE;
    SELECT * INTO bought FROM app.package_purchases q WHERE q.id = p_purchase FOR UPDATE;
    IF bought.status <> 'active' THEN
        PERFORM app.refuse('NOTHING_TO_REFUND');
    ELSIF app.caller_role() <> 'consulta_worker' AND NOT app.rest_is_returned(bought) THEN
        PERFORM app.refuse('REFUND_NOT_DUE');
    END IF;
    IF bought.credits_left > 0 THEN
        INSERT INTO app.package_credits (purchase_id, specialist_id, client_id, kind, credits)
        VALUES (bought.id, bought.specialist_id, bought.client_id, 'refunded',
            -bought.credits_left);
    END IF;
    -- A credit that comes back later must find a purchase that it can be used with.
    IF app.reserved_credits(bought.id) = 0 THEN
        UPDATE app.package_purchases SET status = 'refunded' WHERE id = bought.id;
        RETURN 'refunded';
    END IF;
    RETURN 'active';
END
$$;
COMMENT ON FUNCTION app.take_back_credits(uuid) IS
    'The unused credits are gone, and the purchase is refunded unless a session still has one; the resulting status. For its specialist, admins and the worker; NOTHING_TO_REFUND where it is not active, REFUND_NOT_DUE for people whose transaction has not asked for its money first.';
GRANT EXECUTE ON FUNCTION app.take_back_credits(uuid)
    TO consulta_user, consulta_admin, consulta_worker;
