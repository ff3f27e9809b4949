-- The table of moves of a payment; consulta.features.payments.states mirrors it.

CREATE FUNCTION app.payment_moves() RETURNS TABLE (from_status text, to_status text)
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT a, b FROM unnest(ARRAY['pending', 'requires_action', 'processing']) a,
                     unnest(ARRAY['pending', 'requires_action', 'processing', 'authorized', 'paid',
                                  'failed', 'cancelled']) b
    WHERE a <> b
    UNION ALL
    VALUES ('authorized', 'paid'), ('authorized', 'cancelled'),
           ('paid', 'partially_refunded'), ('paid', 'refunded'),
           ('partially_refunded', 'refunded')
$$;
COMMENT ON FUNCTION app.payment_moves() IS 'Every legal move of a payment''s status; the system makes them all.';

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
       OR NEW.captured_minor < OLD.captured_minor OR NEW.refunded_minor < OLD.refunded_minor THEN
        RAISE EXCEPTION USING ERRCODE = '42501', MESSAGE = 'a payment keeps its parties and its past';
    END IF;
    IF NEW.status <> OLD.status AND NOT EXISTS (
        SELECT 1 FROM app.payment_moves() m
        WHERE m.from_status = OLD.status AND m.to_status = NEW.status) THEN
        RAISE EXCEPTION USING ERRCODE = '42501',
            MESSAGE = format('no move from %s to %s', OLD.status, NEW.status);
    END IF;
    RETURN NEW;
END
$$;
COMMENT ON FUNCTION app.guard_payment() IS 'From authorised on only forward; what was captured stays captured.';

GRANT EXECUTE ON FUNCTION app.payment_moves() TO consulta_worker, consulta_definer;
