-- What the double-entry ledger promises.

CREATE FUNCTION app.ledger_sums_to_zero() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = app, pg_catalog, pg_temp AS $$
DECLARE
    odd text;
BEGIN
    SELECT e.currency INTO odd FROM app.ledger_entries e
    WHERE e.transaction_id = NEW.transaction_id
    GROUP BY e.currency HAVING sum(e.amount_minor) <> 0
    ORDER BY e.currency LIMIT 1;
    IF odd IS NOT NULL THEN
        RAISE EXCEPTION USING ERRCODE = '23514', SCHEMA = 'app', TABLE = 'ledger_entries',
            CONSTRAINT = 'sums_to_zero',
            MESSAGE = format('the entries of ledger transaction %s do not sum to zero in %s',
                NEW.transaction_id, odd);
    END IF;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION app.ledger_sums_to_zero() IS
    'What leaves one account arrives on another: the entries of a transaction sum to zero in each currency.';
GRANT EXECUTE ON FUNCTION app.ledger_sums_to_zero() TO consulta_owner;
