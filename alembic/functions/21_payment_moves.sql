-- The table of moves of a payment; consulta.features.payments.states mirrors it.

CREATE FUNCTION app.payment_moves()
RETURNS TABLE (from_status text, to_status text, actor_kind text)
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT a, b, 'system' FROM unnest(ARRAY['pending', 'requires_action', 'processing']) a,
                     unnest(ARRAY['pending', 'requires_action', 'processing', 'authorized', 'paid',
                                  'failed', 'cancelled']) b
    WHERE a <> b
    UNION ALL
    VALUES ('authorized', 'paid', 'system'), ('authorized', 'cancelled', 'system'),
           ('paid', 'partially_refunded', 'system'), ('paid', 'refunded', 'system'),
           ('partially_refunded', 'refunded', 'system'),
           ('refunded', 'partially_refunded', 'bank'), ('refunded', 'paid', 'bank'),
           ('partially_refunded', 'paid', 'bank')
$$;
COMMENT ON FUNCTION app.payment_moves() IS 'Every legal move of a payment''s status: the system''s, and those of money that the payer''s bank sent back.';

-- A dead refund that the provider had given a name was accepted once: that much came back, and the
-- ledger knows how much of it has been written down before.
CREATE FUNCTION app.came_back_minor(p_payment uuid) RETURNS bigint
LANGUAGE sql STABLE AS $$
    SELECT (SELECT coalesce(sum(o.amount_minor), 0) FROM app.payment_operations o
            WHERE o.payment_id = p_payment AND o.kind = 'refund' AND o.state = 'dead'
              AND o.provider_reference IS NOT NULL)::bigint
         - (SELECT coalesce(sum(e.amount_minor), 0) FROM app.ledger_entries e
            WHERE e.payment_id = p_payment AND e.kind = 'refund_failed'
              AND e.amount_minor > 0)::bigint
$$;
COMMENT ON FUNCTION app.came_back_minor(uuid) IS
    'How much came back by failed refunds of that payment, beyond what its books say already.';

CREATE FUNCTION app.guard_payment() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.updated_at := app.now();
    IF TG_OP = 'INSERT' THEN
        IF NEW.status <> 'pending' THEN
            RAISE EXCEPTION USING ERRCODE = '42501', MESSAGE = 'a payment starts pending';
        END IF;
        -- One that was deactivated since it was chosen a moment ago will do.
        IF NEW.account <> '' AND NOT EXISTS (
            SELECT 1 FROM app.payment_configs c
            WHERE c.account = NEW.account AND c.specialist_id = NEW.specialist_id
              AND c.provider = NEW.provider
              AND (c.is_active OR c.updated_at > app.now() - interval '1 minute')) THEN
            RAISE EXCEPTION USING ERRCODE = '42501',
                MESSAGE = 'a payment is made with an active account of its specialist';
        END IF;
        RETURN NEW;
    END IF;
    IF (NEW.id, NEW.booking_id, NEW.package_purchase_id, NEW.purpose, NEW.client_id, NEW.specialist_id, NEW.amount_minor, NEW.currency,
        NEW.provider, NEW.account)
       IS DISTINCT FROM
       (OLD.id, OLD.booking_id, OLD.package_purchase_id, OLD.purpose, OLD.client_id, OLD.specialist_id, OLD.amount_minor, OLD.currency,
        OLD.provider, OLD.account)
       OR OLD.provider_reference <> NEW.provider_reference
       OR NEW.captured_minor < OLD.captured_minor
       OR NEW.refunded_minor < OLD.refunded_minor
          AND OLD.refunded_minor - NEW.refunded_minor > app.came_back_minor(NEW.id) THEN
        RAISE EXCEPTION USING ERRCODE = '42501', MESSAGE = 'a payment keeps its parties and its past';
    END IF;
    IF NEW.status <> OLD.status AND NOT EXISTS (
        SELECT 1 FROM app.payment_moves() m
        WHERE m.from_status = OLD.status AND m.to_status = NEW.status
          AND m.actor_kind = CASE WHEN NEW.refunded_minor < OLD.refunded_minor
                                  THEN 'bank' ELSE 'system' END) THEN
        RAISE EXCEPTION USING ERRCODE = '42501',
            MESSAGE = format('no move from %s to %s', OLD.status, NEW.status);
    END IF;
    RETURN NEW;
END
$$;
COMMENT ON FUNCTION app.guard_payment() IS 'From authorised on only forward; what was captured stays captured, and what was returned stays returned but for refunds that are known to have failed.';

GRANT EXECUTE ON FUNCTION app.payment_moves() TO consulta_worker, consulta_definer;
GRANT EXECUTE ON FUNCTION app.came_back_minor(uuid) TO consulta_worker, consulta_definer;
