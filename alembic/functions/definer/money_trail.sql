-- What money leaves behind when it moves: entries of the ledger, and receipts. Triggers on payments
-- write both, so that no door moves money without them.

-- Internal: what one account holds of one payment. Signs are the accounts' own: what came in at the
-- gateway (or by hand) is positive there, and negative on the specialist's, who is owed it.
CREATE FUNCTION app.ledger_balance(p_payment uuid, p_account text) RETURNS bigint
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = app, pg_catalog, pg_temp AS $$
    SELECT coalesce(sum(e.amount_minor), 0)::bigint FROM app.ledger_entries e
    WHERE e.payment_id = p_payment AND e.account = p_account
$$;
COMMENT ON FUNCTION app.ledger_balance(uuid, text) IS
    'What that account holds of that payment, in minor units of its currency.';

-- Internal.
CREATE FUNCTION app.move_money(p_payment app.payments, p_transaction uuid, p_kind text,
    p_from text, p_to text, p_amount_minor bigint) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = app, pg_catalog, pg_temp AS $$
    INSERT INTO app.ledger_entries (transaction_id, payment_id, specialist_id, client_id, kind,
        account, amount_minor, currency)
    SELECT p_transaction, p_payment.id, p_payment.specialist_id, p_payment.client_id, p_kind,
        q.account, q.amount_minor, p_payment.currency
    FROM (VALUES (p_from, -p_amount_minor), (p_to, p_amount_minor)) q (account, amount_minor)
    WHERE p_amount_minor <> 0
$$;
COMMENT ON FUNCTION app.move_money(app.payments, uuid, text, text, text, bigint) IS
    'So much leaves one account and arrives on the other, as a part of that transaction; nothing where there is nothing to move.';

-- Internal: everything a receipt says, as it is at this moment. What a session was about does not
-- stand there: no note, no reason, nothing of health.
CREATE FUNCTION app.receipt_details(p_payment app.payments) RETURNS jsonb
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = app, pg_catalog, pg_temp AS $$
    SELECT jsonb_build_object(
        'specialist', jsonb_build_object('name', s.full_name, 'letterhead_url', s.letterhead_url,
            'time_zone', s.time_zone),
        'client', jsonb_build_object('name', c.full_name),
        'item', CASE WHEN b.id IS NOT NULL
            THEN jsonb_build_object('kind', 'session', 'name', r.name, 'starts_at', b.starts_at)
            ELSE jsonb_build_object('kind', 'package', 'name', q.name,
                'session_count', q.session_count) END,
        'price_minor', coalesce(b.price_minor, q.price_minor),
        'discount_minor', coalesce(b.discount_minor, 0),
        'total_minor', coalesce(b.total_minor, q.price_minor),
        'coupon_code', b.coupon_code,
        'payment', jsonb_build_object('id', p_payment.id, 'provider', p_payment.provider))
    FROM app.specialists s
    LEFT JOIN app.profiles c ON c.user_id = p_payment.client_id
    LEFT JOIN app.bookings b ON b.id = p_payment.booking_id
    LEFT JOIN app.specialist_rates r ON r.id = b.rate_id
    LEFT JOIN app.package_purchases q ON q.id = p_payment.package_purchase_id
    WHERE s.id = p_payment.specialist_id
$$;
COMMENT ON FUNCTION app.receipt_details(app.payments) IS
    'Who paid whom for what, and how the sum came to be: a snapshot that later changes do not reach.';

-- Internal. The counter's row is the last lock of all (calendar, purchase or booking, payment before
-- it); a transaction that comes to nothing gives its number back, which a sequence would not.
CREATE FUNCTION app.issue_receipt(
    p_payment app.payments, p_transaction uuid, p_kind text, p_amount_minor bigint) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = app, pg_catalog, pg_temp AS $$
DECLARE
    said jsonb := app.receipt_details(p_payment);
    next_number bigint;
BEGIN
    IF p_kind <> 'receipt' THEN
        said := said || jsonb_build_object(
            CASE p_kind WHEN 'credit_note' THEN 'credits' ELSE 'reverses' END, (
            SELECT jsonb_build_object('number', r.number, 'issued_at', r.issued_at)
            FROM app.receipts r WHERE r.payment_id = p_payment.id
              AND r.kind = CASE p_kind WHEN 'credit_note' THEN 'receipt' ELSE 'credit_note' END
            -- Of several credit notes the one of this very amount is meant, where there is one.
            ORDER BY p_kind = 'reversal' AND r.amount_minor = p_amount_minor DESC, r.number DESC
            LIMIT 1));
    END IF;
    INSERT INTO app.receipt_counters AS c (specialist_id, last_number)
    VALUES (p_payment.specialist_id, 1)
    ON CONFLICT (specialist_id) DO UPDATE SET last_number = c.last_number + 1
    RETURNING c.last_number INTO next_number;
    INSERT INTO app.receipts (specialist_id, client_id, payment_id, transaction_id, number, kind,
        amount_minor, currency, details)
    VALUES (p_payment.specialist_id, p_payment.client_id, p_payment.id, p_transaction, next_number,
        p_kind, p_amount_minor, p_payment.currency, said);
END
$$;
COMMENT ON FUNCTION app.issue_receipt(app.payments, uuid, text, bigint) IS
    'A receipt, credit note or reversal with the specialist''s next number: one after the other, none left out.';

-- Internal: what was lost stays where it went. Of a mere inquiry nothing goes anywhere.
CREATE FUNCTION app.contested_minor(p_payment app.payments) RETURNS bigint
LANGUAGE sql IMMUTABLE SECURITY DEFINER SET search_path = app, pg_catalog, pg_temp AS $$
    SELECT CASE WHEN p_payment.dispute_status IS NULL AND p_payment.is_disputed
                THEN p_payment.captured_minor ELSE p_payment.contested_minor END
$$;
COMMENT ON FUNCTION app.contested_minor(app.payments) IS
    'How much of that payment''s money its payer''s bank holds back over all disputes, for now or for good.';

CREATE FUNCTION app.write_money_trail() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = app, pg_catalog, pg_temp AS $$
DECLARE
    held_by text := CASE NEW.provider WHEN 'manual' THEN 'by_hand' ELSE 'gateway' END;
    taken bigint := NEW.captured_minor;
    returned bigint := NEW.refunded_minor;
    was_contested bigint := 0;
    contested bigint := app.contested_minor(NEW);
    movement uuid := app.new_id();
    from_held bigint;
BEGIN
    IF TG_OP = 'UPDATE' THEN
        taken := taken - OLD.captured_minor;
        returned := returned - OLD.refunded_minor;
        was_contested := app.contested_minor(OLD);
    END IF;
    IF taken <> 0 THEN
        PERFORM app.move_money(NEW, movement, 'capture', 'specialist', held_by, taken);
        PERFORM app.issue_receipt(NEW, movement, 'receipt', taken);
        movement := app.new_id();
    END IF;
    IF returned < 0 THEN
        -- The payer's bank sent it back to where it had been taken to.
        PERFORM app.move_money(NEW, movement, 'refund_failed', 'specialist', held_by, -returned);
        PERFORM app.issue_receipt(NEW, movement, 'reversal', -returned);
        movement := app.new_id();
    ELSIF returned > 0 THEN
        -- Where the bank holds some of it in a dispute, that goes back last.
        from_held := least(returned, app.ledger_balance(NEW.id, held_by));
        PERFORM app.move_money(NEW, movement, 'refund', held_by, 'specialist', from_held);
        PERFORM app.move_money(NEW, movement, 'refund', 'disputed', 'specialist',
            returned - from_held);
        PERFORM app.issue_receipt(NEW, movement, 'credit_note', returned);
        movement := app.new_id();
    END IF;
    IF contested > was_contested THEN
        PERFORM app.move_money(NEW, movement, 'dispute', held_by, 'disputed',
            least(contested - was_contested, app.ledger_balance(NEW.id, held_by)));
    ELSIF contested < was_contested THEN
        -- Some of it may have been returned meanwhile: no more comes back than is there.
        PERFORM app.move_money(NEW, movement, 'dispute_won', 'disputed', held_by, CASE contested
            WHEN 0 THEN app.ledger_balance(NEW.id, 'disputed')
            ELSE least(was_contested - contested, app.ledger_balance(NEW.id, 'disputed')) END);
    END IF;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION app.write_money_trail() IS
    'Whatever moves the money of a payment leaves balanced entries, and a receipt or credit note where money was taken or returned, and a reversal where it came back from the payer''s bank.';
GRANT EXECUTE ON FUNCTION app.write_money_trail() TO consulta_owner;

-- For a doctor and for admins: both books are written in one transaction, so none is ever expected.
CREATE FUNCTION app.ledger_mismatches(p_limit integer)
RETURNS TABLE (payment_id uuid, specialist_id uuid, currency text, captured_minor bigint,
    refunded_minor bigint, ledger_captured_minor bigint, ledger_refunded_minor bigint,
    ledger_disputed_minor bigint, receipts_minor bigint, credit_notes_minor bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = app, pg_catalog, pg_temp AS $$
    WITH entered AS (
        SELECT e.payment_id,
            sum(-e.amount_minor) FILTER (WHERE e.kind = 'capture' AND e.account = 'specialist')
                AS captured,
            sum(e.amount_minor) FILTER (WHERE e.kind IN ('refund', 'refund_failed')
                AND e.account = 'specialist') AS refunded,
            sum(e.amount_minor) FILTER (WHERE e.account = 'disputed') AS disputed
        FROM app.ledger_entries e GROUP BY e.payment_id
    ), issued AS (
        SELECT r.payment_id,
            sum(r.amount_minor) FILTER (WHERE r.kind = 'receipt') AS receipts,
            sum(CASE r.kind WHEN 'reversal' THEN -r.amount_minor ELSE r.amount_minor END)
                FILTER (WHERE r.kind <> 'receipt') AS credit_notes
        FROM app.receipts r GROUP BY r.payment_id
    ), books AS (
        SELECT p.id, p.specialist_id, p.currency, p.captured_minor, p.refunded_minor,
            app.contested_minor(p) AS contested,
            coalesce(e.captured, 0)::bigint AS captured,
            coalesce(e.refunded, 0)::bigint AS refunded,
            coalesce(e.disputed, 0)::bigint AS disputed,
            coalesce(i.receipts, 0)::bigint AS receipts,
            coalesce(i.credit_notes, 0)::bigint AS credit_notes
        FROM app.payments p
        LEFT JOIN entered e ON e.payment_id = p.id
        LEFT JOIN issued i ON i.payment_id = p.id
    )
    SELECT b.id, b.specialist_id, b.currency, b.captured_minor, b.refunded_minor, b.captured,
        b.refunded, b.disputed, b.receipts, b.credit_notes
    FROM books b
    WHERE (b.captured_minor, b.refunded_minor) <> (b.captured, b.refunded)
       OR (b.captured_minor, b.refunded_minor) <> (b.receipts, b.credit_notes)
       OR b.disputed > b.contested
    ORDER BY b.id
    LIMIT greatest(0, least(p_limit, 1000))
$$;
COMMENT ON FUNCTION app.ledger_mismatches(integer) IS
    'Payments of which ledger or receipts say otherwise than the payment itself, the oldest first, at most 1000.';
GRANT EXECUTE ON FUNCTION app.ledger_mismatches(integer) TO consulta_worker, consulta_admin;
