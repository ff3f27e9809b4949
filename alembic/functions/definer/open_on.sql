-- The directory's question to the slot engine: who has a free time on a date?

CREATE FUNCTION app.open_on(p_day date, p_specialists uuid[]) RETURNS SETOF uuid
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = app, pg_catalog, pg_temp AS $$
    SELECT s.id
    FROM app.specialists s
    WHERE s.id = ANY (p_specialists) AND s.is_verified AND s.is_accepting
      -- A date has at most 27 hours on any clock; which of them are its own the engine says.
      AND EXISTS (
          SELECT FROM app.open_slots(
              s.id,
              p_day::timestamp AT TIME ZONE s.time_zone - interval '3 hours',
              (p_day + 1)::timestamp AT TIME ZONE s.time_zone + interval '3 hours',
              NULL, NULL, app.now()) o
          WHERE o.local_date = p_day)
$$;
COMMENT ON FUNCTION app.open_on(date, uuid[]) IS
    'Which of these specialists have a free time on that date of their own calendar, at the slot length of their week.';
GRANT EXECUTE ON FUNCTION app.open_on(date, uuid[])
    TO consulta_anonymous, consulta_user, consulta_admin;
