-- Series: people make, change, accept and end them here and nowhere else (D13). Whoever changes a
-- series locks its calendar first, as everybody does (D3), and then the series itself.

CREATE FUNCTION app.create_series(
    p_specialist uuid, p_rate uuid, p_client uuid, p_frequency text, p_start date, p_end date,
    p_time time, p_mode text, p_purchase uuid, p_method uuid, p_note text, p_dry_run boolean)
RETURNS jsonb
LANGUAGE plpgsql SECURITY DEFINER SET search_path = app, pg_catalog, pg_temp AS $$
DECLARE
    me uuid := app.user_id();
    client uuid := coalesce(p_client, me);
    saves_card boolean := p_mode = 'saved_card' AND p_method IS NULL;
    series app.recurring_bookings;
BEGIN
    IF me IS NULL THEN
        PERFORM app.refuse('UNAUTHORIZED');
    ELSIF client <> me AND me <> p_specialist AND app.caller_role() <> 'consulta_admin' THEN
        PERFORM app.refuse('FORBIDDEN');
    ELSIF client = p_specialist THEN
        PERFORM app.refuse('CANNOT_BOOK_YOURSELF');
    ELSIF client <> me AND NOT EXISTS (
        SELECT 1 FROM app.users u WHERE u.id = client AND u.is_active AND u.role <> 'admin') THEN
        PERFORM app.refuse('CLIENT_NOT_FOUND');
    END IF;
    IF NOT p_dry_run THEN
        PERFORM 1 FROM app.calendars c WHERE c.specialist_id = p_specialist FOR UPDATE;
        -- A client's series lie on many calendars, whose locks do not count them: this one does.
        PERFORM pg_advisory_xact_lock(hashtextextended('app.series ' || client, 0));
    END IF;
    series.id := app.new_id();
    series.specialist_id := p_specialist;
    series.client_id := client;
    series.rate_id := p_rate;
    series.frequency := p_frequency;
    series.start_date := p_start;
    series.end_date := p_end;
    series.local_time := p_time;
    series.anchor_day := extract(day FROM p_start);
    series.payment_mode := p_mode;
    series.package_purchase_id := p_purchase;
    series.saved_method_id := p_method;
    series.status := 'active';
    series.note := p_note;
    series.revision := 0;
    PERFORM app.check_series(series);
    IF saves_card THEN
        PERFORM app.card_till(p_specialist);
    ELSE
        PERFORM app.check_card(series, p_dry_run);
    END IF;
    IF (SELECT count(*) >= 100 OR count(*) FILTER (WHERE r.specialist_id = p_specialist) >= 20
        FROM app.recurring_bookings r WHERE r.client_id = client AND r.status <> 'ended') THEN
        PERFORM app.refuse('TOO_MANY_SERIES');
    END IF;
    series.next_booking_date := app.first_series_date(series, p_start);
    IF series.next_booking_date IS NULL THEN
        PERFORM app.refuse('SERIES_WITHOUT_DATES');
    END IF;
    series.accepted_at := app.accepted_by_itself(series);
    IF NOT p_dry_run THEN
        IF saves_card THEN
            series.saved_method_id := (app.begin_set_up(p_specialist, client)).id;
        END IF;
        INSERT INTO app.recurring_bookings (id, specialist_id, client_id, rate_id, frequency,
            start_date, end_date, local_time, anchor_day, payment_mode, package_purchase_id,
            saved_method_id, next_booking_date, accepted_at, note, created_by)
        VALUES (series.id, p_specialist, client, p_rate, p_frequency, p_start, p_end, p_time,
            series.anchor_day, p_mode, p_purchase, series.saved_method_id,
            series.next_booking_date, series.accepted_at, p_note, me);
    END IF;
    RETURN to_jsonb(series);
END
$$;
COMMENT ON FUNCTION app.create_series(uuid, uuid, uuid, text, date, date, time, text, uuid, uuid, text, boolean) IS
    'A new active series, at its first date that is still to come; one that is paid with a saved card and names none begins to save one. Or a refusal: FORBIDDEN, CANNOT_BOOK_YOURSELF, CLIENT_NOT_FOUND, TOO_MANY_SERIES (20 of a pair, 100 of a client), SERIES_WITHOUT_DATES, or one of app.check_series, app.check_card and app.begin_set_up. A dry run decides the same and writes nothing.';
GRANT EXECUTE ON FUNCTION
    app.create_series(uuid, uuid, uuid, text, date, date, time, text, uuid, uuid, text, boolean)
    TO consulta_user, consulta_admin;

-- What a series is made of: the rate, and how its sessions are paid.
CREATE FUNCTION app.check_series(p_series app.recurring_bookings) RETURNS void
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = app, pg_catalog, pg_temp AS $$
DECLARE
    bought app.package_purchases;
BEGIN
    PERFORM app.bookable_minutes(p_series.specialist_id, p_series.rate_id);
    IF (p_series.payment_mode = 'package') <> (p_series.package_purchase_id IS NOT NULL) THEN
        PERFORM app.refuse('PACKAGE_PURCHASE_MISPLACED');
    ELSIF p_series.payment_mode = 'manual' AND app.user_id() = p_series.client_id
          AND NOT EXISTS (SELECT 1 FROM app.specialists s
                          WHERE s.id = p_series.specialist_id AND s.payment_provider = 'manual') THEN
        PERFORM app.refuse('MANUAL_PAYMENT_NOT_OFFERED');
    END IF;
    IF p_series.package_purchase_id IS NULL THEN
        RETURN;
    END IF;
    SELECT * INTO bought FROM app.package_purchases p
    WHERE p.id = p_series.package_purchase_id AND p.client_id = p_series.client_id
      AND p.specialist_id = p_series.specialist_id;
    IF bought.id IS NULL THEN
        PERFORM app.refuse('PACKAGE_PURCHASE_NOT_FOUND');
    ELSIF bought.status <> 'active' OR bought.valid_until <= app.now() THEN
        PERFORM app.refuse('PACKAGE_NOT_VALID');
    ELSIF bought.rate_id <> p_series.rate_id THEN
        PERFORM app.refuse('CREDIT_FOR_ANOTHER_RATE');
    ELSIF bought.credits_left < 1 THEN
        PERFORM app.refuse('NO_CREDITS_LEFT');
    END IF;
END
$$;
COMMENT ON FUNCTION app.check_series(app.recurring_bookings) IS
    'Nothing, or a refusal: those of app.bookable_minutes and, for its credits, of app.lock_credit; PACKAGE_PURCHASE_MISPLACED, MANUAL_PAYMENT_NOT_OFFERED.';

CREATE FUNCTION app.accepted_by_itself(p_series app.recurring_bookings) RETURNS timestamptz
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = app, pg_catalog, pg_temp AS $$
    SELECT app.now() FROM app.specialists s
    WHERE s.id = p_series.specialist_id
      AND (s.auto_confirm OR s.id = app.user_id() OR p_series.payment_mode = 'package')
$$;
COMMENT ON FUNCTION app.accepted_by_itself(app.recurring_bookings) IS
    'Now, where nobody has to accept what the caller agrees to: the specialist asks for it, has sold the package, or confirms everything; else NULL.';

CREATE FUNCTION app.first_series_date(p_series app.recurring_bookings, p_from date) RETURNS date
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = app, pg_catalog, pg_temp AS $$
    SELECT min(d.local_date)
    FROM app.specialists s
    CROSS JOIN app.series_dates(p_series.frequency, p_series.anchor_day, p_from,
        p_series.end_date, 400) d
    WHERE s.id = p_series.specialist_id
      AND app.series_start(d.local_date, p_series.local_time, s.time_zone) > app.now()
      AND NOT EXISTS (SELECT 1 FROM app.recurring_booking_occurrences o
                      WHERE o.recurring_booking_id = p_series.id AND o.local_date = d.local_date)
$$;
COMMENT ON FUNCTION app.first_series_date(app.recurring_bookings, date) IS
    'The first date from p_from on, which is one of the series, that is still to come and of which nothing has become yet; NULL where its end comes before that.';

-- The series as it stands, for whoever is a party of it; NULLs for everybody else.
CREATE FUNCTION app.series_of_caller(p_series uuid, p_locked boolean) RETURNS app.recurring_bookings
LANGUAGE plpgsql SECURITY DEFINER SET search_path = app, pg_catalog, pg_temp AS $$
DECLARE
    series app.recurring_bookings;
BEGIN
    SELECT * INTO series FROM app.recurring_bookings r
    WHERE r.id = p_series
      AND (app.caller_role() = 'consulta_admin' OR app.user_id() IN (r.client_id, r.specialist_id));
    IF p_locked AND series.id IS NOT NULL THEN
        PERFORM 1 FROM app.calendars c WHERE c.specialist_id = series.specialist_id FOR UPDATE;
        SELECT * INTO series FROM app.recurring_bookings r WHERE r.id = p_series FOR UPDATE;
    END IF;
    RETURN series;
END
$$;
COMMENT ON FUNCTION app.series_of_caller(uuid, boolean) IS
    'That series, its calendar and itself locked if so asked; NULLs for strangers.';

CREATE FUNCTION app.change_series(
    p_series uuid, p_revision integer, p_changes jsonb, p_dry_run boolean)
RETURNS jsonb
LANGUAGE plpgsql SECURITY DEFINER SET search_path = app, pg_catalog, pg_temp AS $$
DECLARE
    was app.recurring_bookings := app.series_of_caller(p_series, NOT p_dry_run);
    series app.recurring_bookings := was;
BEGIN
    IF was.id IS NULL THEN
        RETURN NULL;
    ELSIF was.status = 'ended' THEN
        PERFORM app.refuse('SERIES_ENDED');
    ELSIF was.revision <> p_revision THEN
        PERFORM app.refuse('SERIES_CHANGED');
    END IF;
    series.rate_id := coalesce((p_changes ->> 'rate_id')::uuid, was.rate_id);
    series.local_time := coalesce((p_changes ->> 'local_time')::time, was.local_time);
    IF p_changes ? 'end_date' THEN
        series.end_date := (p_changes ->> 'end_date')::date;
    END IF;
    IF p_changes ? 'note' THEN
        series.note := p_changes ->> 'note';
    END IF;
    IF p_changes ->> 'frequency' <> was.frequency THEN
        -- The next date stays, and the new rhythm counts from it.
        series.frequency := p_changes ->> 'frequency';
        series.anchor_day := extract(day FROM was.next_booking_date);
    END IF;
    series.payment_mode := coalesce(p_changes ->> 'payment_mode', was.payment_mode);
    series.package_purchase_id := coalesce((p_changes ->> 'package_purchase_id')::uuid,
        CASE WHEN series.payment_mode = 'package' THEN was.package_purchase_id END);
    series.saved_method_id := coalesce((p_changes ->> 'saved_method_id')::uuid,
        CASE WHEN series.payment_mode = 'saved_card' THEN was.saved_method_id END);
    IF (series.payment_mode, series.saved_method_id)
       IS DISTINCT FROM (was.payment_mode, was.saved_method_id) THEN
        PERFORM app.check_card(series, p_dry_run);
    END IF;
    IF (series.rate_id, series.payment_mode, series.package_purchase_id)
       IS DISTINCT FROM (was.rate_id, was.payment_mode, was.package_purchase_id) THEN
        PERFORM app.check_series(series);
        -- What was accepted was another rate, or other money.
        series.accepted_at := app.accepted_by_itself(series);
    END IF;
    IF series IS NOT DISTINCT FROM was THEN
        RETURN jsonb_build_object('changed', false, 'was', to_jsonb(was), 'series', to_jsonb(was));
    END IF;
    RETURN jsonb_build_object('changed', true, 'was', to_jsonb(was),
        'series', to_jsonb(app.keep_series(series, p_dry_run)));
END
$$;
COMMENT ON FUNCTION app.change_series(uuid, integer, jsonb, boolean) IS
    'The series as those changes make it, for the dates of which nothing has become yet; one whose end comes before its next date has ended. NULL for strangers; SERIES_ENDED, SERIES_CHANGED, or a refusal of app.check_series or app.check_card. A dry run decides the same and writes nothing.';
GRANT EXECUTE ON FUNCTION app.change_series(uuid, integer, jsonb, boolean)
    TO consulta_user, consulta_admin;

CREATE FUNCTION app.keep_series(p_series app.recurring_bookings, p_dry_run boolean)
RETURNS app.recurring_bookings
LANGUAGE plpgsql SECURITY DEFINER SET search_path = app, pg_catalog, pg_temp AS $$
DECLARE
    series app.recurring_bookings := p_series;
BEGIN
    series.revision := p_series.revision + 1;
    IF series.status <> 'ended' AND coalesce(series.next_booking_date > series.end_date,
                                             series.next_booking_date IS NULL) THEN
        series.status := 'ended';
    END IF;
    IF series.status = 'ended' THEN
        series.ended_at := coalesce(series.ended_at, app.now());
        series.next_booking_date := NULL;
    END IF;
    IF NOT p_dry_run THEN
        -- Whatever stood in the way may be gone with the change.
        UPDATE app.recurring_bookings r
        SET rate_id = series.rate_id, frequency = series.frequency, end_date = series.end_date,
            local_time = series.local_time, anchor_day = series.anchor_day,
            payment_mode = series.payment_mode, package_purchase_id = series.package_purchase_id,
            saved_method_id = series.saved_method_id, status = series.status, next_booking_date = series.next_booking_date,
            accepted_at = series.accepted_at, ended_at = series.ended_at, note = series.note,
            revision = series.revision, failed_attempts = 0, next_attempt_at = NULL,
            last_error = NULL
        WHERE r.id = series.id;
        PERFORM app.exchange_card(series);
    END IF;
    RETURN series;
END
$$;
COMMENT ON FUNCTION app.keep_series(app.recurring_bookings, boolean) IS
    'The series is as given, one revision on, and ended where no date is left before its end. The caller has its lock.';

CREATE FUNCTION app.exchange_card(p_series app.recurring_bookings) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = app, pg_catalog, pg_temp AS $$
BEGIN
    IF p_series.saved_method_id IS NOT NULL THEN
        UPDATE app.payments p
        SET saved_method_id = m.id, provider = m.provider, account = m.account
        FROM app.saved_methods m, app.bookings b
        WHERE m.id = p_series.saved_method_id AND b.recurring_booking_id = p_series.id
          AND b.status = 'pending_payment' AND p.booking_id = b.id AND p.status = 'pending'
          AND p.authorize_from IS NOT NULL AND p.saved_method_id <> m.id;
    END IF;
END
$$;
COMMENT ON FUNCTION app.exchange_card(app.recurring_bookings) IS
    'Sessions of the series that wait to be paid with another card are paid with its own. The caller has the calendar''s lock.';

-- Pausing, resuming and ending: each says what stood before, and whether anything changed.
CREATE FUNCTION app.turn_series(p_series uuid, p_verb text, p_before date) RETURNS jsonb
LANGUAGE plpgsql SECURITY DEFINER SET search_path = app, pg_catalog, pg_temp AS $$
DECLARE
    was app.recurring_bookings := app.series_of_caller(p_series, true);
    series app.recurring_bookings := was;
BEGIN
    IF was.id IS NULL THEN
        RETURN NULL;
    ELSIF was.status = 'ended' AND p_verb <> 'end' THEN
        PERFORM app.refuse('SERIES_ENDED');
    END IF;
    IF p_verb = 'pause' THEN
        series.status := 'paused';
    ELSIF p_verb = 'resume' AND (was.status = 'paused' OR was.failed_attempts > 0) THEN
        series.status := 'active';
        series.next_booking_date := app.first_series_date(was, was.next_booking_date);
        series.failed_attempts := 0;
    ELSIF p_verb = 'accept' THEN
        IF app.user_id() = was.client_id THEN
            PERFORM app.refuse('FORBIDDEN');
        END IF;
        series.accepted_at := coalesce(was.accepted_at, app.now());
        PERFORM app.wait_no_more(p_series);
    ELSIF p_verb = 'end' AND was.status <> 'ended' THEN
        IF p_before > was.start_date THEN
            series.end_date := least(was.end_date, p_before - 1);
        END IF;
        IF p_before IS NULL OR p_before <= was.next_booking_date THEN
            series.status := 'ended';
        END IF;
    END IF;
    IF series IS DISTINCT FROM was THEN
        series := app.keep_series(series, false);
    END IF;
    RETURN jsonb_build_object('changed', series IS DISTINCT FROM was, 'was', to_jsonb(was),
        'series', to_jsonb(series));
END
$$;
COMMENT ON FUNCTION app.turn_series(uuid, text, date) IS
    'pause; resume, at the first date still to come, nothing caught up, also one that had failed too often; accept (not for the client: FORBIDDEN); end, at once or before the date p_before. The second time nothing changes. NULL for strangers; SERIES_ENDED.';
GRANT EXECUTE ON FUNCTION app.turn_series(uuid, text, date) TO consulta_user, consulta_admin;

CREATE FUNCTION app.wait_no_more(p_series uuid) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = app, pg_catalog, pg_temp AS $$
BEGIN
    UPDATE app.bookings b SET auto_confirm = true
    WHERE b.recurring_booking_id = p_series AND b.status = 'pending_payment' AND NOT b.auto_confirm;
END
$$;
COMMENT ON FUNCTION app.wait_no_more(uuid) IS
    'The unpaid bookings of an accepted series confirm themselves once they are paid. The caller has the calendar''s lock.';

CREATE FUNCTION app.leave_out_of_series(p_series uuid, p_date date) RETURNS jsonb
LANGUAGE plpgsql SECURITY DEFINER SET search_path = app, pg_catalog, pg_temp AS $$
DECLARE
    series app.recurring_bookings := app.series_of_caller(p_series, true);
    known app.recurring_booking_occurrences;
BEGIN
    IF series.id IS NULL THEN
        RETURN NULL;
    END IF;
    SELECT * INTO known FROM app.recurring_booking_occurrences o
    WHERE o.recurring_booking_id = p_series AND o.local_date = p_date;
    IF known.id IS NOT NULL THEN
        RETURN jsonb_build_object('changed', false, 'series', to_jsonb(series),
            'booking_id', known.booking_id);
    ELSIF NOT EXISTS (
        SELECT 1 FROM app.series_dates(series.frequency, series.anchor_day,
            series.next_booking_date, series.end_date, 400) d
        WHERE d.local_date = p_date) THEN
        PERFORM app.refuse('SERIES_DATE_NOT_FOUND');
    END IF;
    INSERT INTO app.recurring_booking_occurrences (recurring_booking_id, specialist_id, client_id,
        local_date, starts_at, outcome, reason, series_revision)
    SELECT p_series, series.specialist_id, series.client_id, p_date,
        app.series_start(p_date, series.local_time, s.time_zone), 'skipped', 'left_out',
        series.revision
    FROM app.specialists s WHERE s.id = series.specialist_id;
    IF series.next_booking_date = p_date THEN
        series.next_booking_date := app.first_series_date(series, p_date);
    END IF;
    RETURN jsonb_build_object('changed', true, 'booking_id', NULL,
        'series', to_jsonb(app.keep_series(series, false)));
END
$$;
COMMENT ON FUNCTION app.leave_out_of_series(uuid, date) IS
    'No booking will be made for that date of the series; where something has become of it already, its booking is named and nothing changes. NULL for strangers; SERIES_DATE_NOT_FOUND: it is not one of the next 400 dates.';
GRANT EXECUTE ON FUNCTION app.leave_out_of_series(uuid, date) TO consulta_user, consulta_admin;

-- Whoever confirms one session of a series by hand accepts them all. A booking that waited and does
-- not confirm itself was confirmed by its specialist or an admin, whoever records the money.
CREATE FUNCTION app.accept_series_of(p_booking uuid) RETURNS jsonb
LANGUAGE plpgsql SECURITY DEFINER SET search_path = app, pg_catalog, pg_temp AS $$
DECLARE
    accepted jsonb;
BEGIN
    UPDATE app.recurring_bookings r
    SET accepted_at = app.now(), revision = r.revision + 1
    FROM app.bookings b
    WHERE b.id = p_booking AND b.status = 'confirmed' AND NOT b.auto_confirm
      AND r.id = b.recurring_booking_id AND r.accepted_at IS NULL AND r.status <> 'ended'
      AND (app.caller_role() IN ('consulta_admin', 'consulta_worker')
           OR app.user_id() = b.specialist_id)
      AND EXISTS (SELECT 1 FROM app.booking_status_history h
                  WHERE h.booking_id = b.id AND h.from_status = 'awaiting_confirmation'
                    AND h.to_status = 'confirmed')
    RETURNING to_jsonb(r) INTO accepted;
    IF accepted IS NOT NULL THEN
        PERFORM app.wait_no_more((accepted ->> 'id')::uuid);
    END IF;
    RETURN accepted;
END
$$;
COMMENT ON FUNCTION app.accept_series_of(uuid) IS
    'The series of that booking, if its confirmation was the acceptance of it; NULL where nothing changes. The caller has the calendar''s lock.';
GRANT EXECUTE ON FUNCTION app.accept_series_of(uuid)
    TO consulta_user, consulta_admin, consulta_worker;
