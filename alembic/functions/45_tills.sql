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
