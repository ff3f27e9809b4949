-- Who takes a specialist's money: one answer for a booking, a package and a dispatch.

CREATE FUNCTION app.tills_of(p_specialists uuid[], p_default text)
RETURNS TABLE (specialist_id uuid, provider text, account text)
LANGUAGE sql STABLE AS $$
    SELECT t.specialist_id, t.provider, coalesce(t.accounts ->> t.provider, '')
    FROM (
        SELECT s.id AS specialist_id, c.accounts,
               coalesce(s.payment_provider, c.only_provider, p_default) AS provider
        FROM app.specialists s
        LEFT JOIN LATERAL (
            SELECT jsonb_object_agg(f.provider, f.account) AS accounts,
                   CASE WHEN count(*) = 1 THEN min(f.provider) END AS only_provider
            FROM app.payment_configs f
            WHERE f.specialist_id = s.id AND f.is_active) c ON true
        WHERE s.id = ANY (p_specialists)) t
$$;
COMMENT ON FUNCTION app.tills_of(uuid[], text) IS
    'The provider and the account that new payments of those specialists are made with: the chosen provider, else that of the only active account, else p_default; the specialist''s active account there, or '''' for the platform''s own.';
GRANT EXECUTE ON FUNCTION app.tills_of(uuid[], text) TO consulta_worker, consulta_definer;

-- Internal, for functions that people call: who takes the money is not theirs to say.
CREATE FUNCTION app.till_of(p_specialist uuid, OUT provider text, OUT account text)
LANGUAGE plpgsql STABLE AS $$
BEGIN
    SELECT t.provider, t.account INTO provider, account
    FROM (VALUES (true)) one (id)
    LEFT JOIN app.house_terms h ON h.id = one.id
    CROSS JOIN LATERAL app.tills_of(ARRAY[p_specialist], h.default_provider) t;
    -- No service has said it yet: what costs something is not given away.
    IF FOUND AND provider IS NULL THEN
        RAISE EXCEPTION USING ERRCODE = '55000',
            MESSAGE = 'nothing says who takes the money: no service has started here';
    END IF;
END
$$;
COMMENT ON FUNCTION app.till_of(uuid) IS
    'As app.tills_of for that specialist, where the house''s own terms name the default; NULLs for an unknown one, and an error where nothing says who takes the money.';
GRANT EXECUTE ON FUNCTION app.till_of(uuid) TO consulta_definer;
