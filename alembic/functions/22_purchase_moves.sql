-- The table of moves of a purchase; consulta.features.packages.states mirrors it.

CREATE FUNCTION app.purchase_moves() RETURNS TABLE (from_status text, to_status text)
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    VALUES ('pending_payment', 'active'), ('pending_payment', 'cancelled'),
           ('active', 'expired'), ('active', 'refunded')
$$;
COMMENT ON FUNCTION app.purchase_moves() IS 'Every legal move of a purchase''s status; the system makes them all.';

CREATE FUNCTION app.guard_purchase() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.updated_at := app.now();
    IF TG_OP = 'INSERT' THEN
        IF NEW.status NOT IN ('pending_payment', 'active') THEN
            RAISE EXCEPTION USING ERRCODE = '42501', MESSAGE = 'no purchase starts in this state';
        END IF;
        IF NEW.credits_left <> 0 THEN
            RAISE EXCEPTION USING ERRCODE = '42501', MESSAGE = 'credits come from the ledger';
        END IF;
        RETURN NEW;
    END IF;
    IF (NEW.id, NEW.package_id, NEW.specialist_id, NEW.client_id, NEW.rate_id, NEW.session_count,
        NEW.price_minor, NEW.currency, NEW.created_at)
       IS DISTINCT FROM
       (OLD.id, OLD.package_id, OLD.specialist_id, OLD.client_id, OLD.rate_id, OLD.session_count,
        OLD.price_minor, OLD.currency, OLD.created_at) THEN
        RAISE EXCEPTION USING ERRCODE = '42501',
            MESSAGE = 'a purchase keeps its parties and what was bought';
    END IF;
    IF NEW.credits_left <> OLD.credits_left
       AND current_setting('app.credits_by_ledger', true) IS DISTINCT FROM 'true' THEN
        RAISE EXCEPTION USING ERRCODE = '42501', MESSAGE = 'credits come from the ledger';
    END IF;
    IF NEW.status <> OLD.status AND NOT EXISTS (
        SELECT 1 FROM app.purchase_moves() m
        WHERE m.from_status = OLD.status AND m.to_status = NEW.status) THEN
        RAISE EXCEPTION USING ERRCODE = '42501',
            MESSAGE = format('no move from %s to %s', OLD.status, NEW.status);
    END IF;
    RETURN NEW;
END
$$;
COMMENT ON FUNCTION app.guard_purchase() IS
    'A purchase keeps what was bought; its credits are the ledger''s, its status moves by the table.';

GRANT EXECUTE ON FUNCTION app.purchase_moves() TO consulta_worker, consulta_definer;
