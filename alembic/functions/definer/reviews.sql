-- Reviews: the client of a completed session writes one, the specialist replies once, and the
-- specialist's rating is their exact sum.

CREATE FUNCTION app.review_party(p_booking uuid, p_wanted text) RETURNS app.bookings
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = app, pg_catalog, pg_temp AS $$
DECLARE
    booking app.bookings;
    me uuid := app.user_id();
BEGIN
    SELECT * INTO booking FROM app.bookings b
    WHERE b.id = p_booking AND me IN (b.client_id, b.specialist_id);
    IF booking.id IS NULL THEN
        PERFORM app.refuse('BOOKING_NOT_FOUND');
    ELSIF (p_wanted = 'client') <> (me = booking.client_id) THEN
        PERFORM app.refuse('FORBIDDEN');
    END IF;
    RETURN booking;
END
$$;
COMMENT ON FUNCTION app.review_party(uuid, text) IS
    'The booking in which the caller is the client or the specialist, as wanted. BOOKING_NOT_FOUND, FORBIDDEN.';

CREATE FUNCTION app.post_review(
    p_booking uuid, p_rating integer, p_comment text, p_shows_name boolean)
RETURNS app.reviews
LANGUAGE plpgsql SECURITY DEFINER SET search_path = app, pg_catalog, pg_temp AS $$
DECLARE
    booking app.bookings := app.review_party(p_booking, 'client');
    made app.reviews;
BEGIN
    IF booking.status <> 'completed' THEN
        PERFORM app.refuse('BOOKING_NOT_COMPLETED');
    END IF;
    INSERT INTO app.reviews (booking_id, specialist_id, client_id, rating, comment, shows_name)
    VALUES (booking.id, booking.specialist_id, booking.client_id, p_rating, p_comment,
        p_shows_name)
    ON CONFLICT DO NOTHING
    RETURNING * INTO made;
    IF made.id IS NULL THEN
        PERFORM app.refuse('REVIEW_EXISTS');
    END IF;
    RETURN made;
END
$$;
COMMENT ON FUNCTION app.post_review(uuid, integer, text, boolean) IS
    'The one review of that completed session by its client, the caller. BOOKING_NOT_FOUND, FORBIDDEN, BOOKING_NOT_COMPLETED, REVIEW_EXISTS.';
GRANT EXECUTE ON FUNCTION app.post_review(uuid, integer, text, boolean) TO consulta_user;

CREATE FUNCTION app.change_review(
    p_booking uuid, p_rating integer, p_comment text, p_shows_name boolean)
RETURNS app.reviews
LANGUAGE plpgsql SECURITY DEFINER SET search_path = app, pg_catalog, pg_temp AS $$
DECLARE
    booking app.bookings := app.review_party(p_booking, 'client');
    changed app.reviews;
BEGIN
    UPDATE app.reviews r
    SET rating = p_rating, comment = p_comment, shows_name = p_shows_name,
        edited_at = CASE WHEN (r.rating, r.comment, r.shows_name)
                IS DISTINCT FROM (p_rating, p_comment, p_shows_name)
            THEN app.now() ELSE r.edited_at END
    WHERE r.booking_id = booking.id AND r.created_at > app.now() - interval '30 days'
    RETURNING * INTO changed;
    IF changed.id IS NULL THEN
        PERFORM app.refuse(CASE
            WHEN EXISTS (SELECT 1 FROM app.reviews r WHERE r.booking_id = booking.id)
            THEN 'REVIEW_FINAL' ELSE 'REVIEW_NOT_FOUND' END);
    END IF;
    RETURN changed;
END
$$;
COMMENT ON FUNCTION app.change_review(uuid, integer, text, boolean) IS
    'The caller''s review says this now, within 30 days of its posting. BOOKING_NOT_FOUND, FORBIDDEN, REVIEW_NOT_FOUND, REVIEW_FINAL.';
GRANT EXECUTE ON FUNCTION app.change_review(uuid, integer, text, boolean) TO consulta_user;

CREATE FUNCTION app.reply_to_review(p_booking uuid, p_reply text) RETURNS app.reviews
LANGUAGE plpgsql SECURITY DEFINER SET search_path = app, pg_catalog, pg_temp AS $$
DECLARE
    booking app.bookings := app.review_party(p_booking, 'specialist');
    changed app.reviews;
BEGIN
    UPDATE app.reviews r SET reply = p_reply, replied_at = app.now()
    WHERE r.booking_id = booking.id AND r.reply IS NULL
    RETURNING * INTO changed;
    IF changed.id IS NULL THEN
        PERFORM app.refuse(CASE
            WHEN EXISTS (SELECT 1 FROM app.reviews r WHERE r.booking_id = booking.id)
            THEN 'REVIEW_REPLIED' ELSE 'REVIEW_NOT_FOUND' END);
    END IF;
    RETURN changed;
END
$$;
COMMENT ON FUNCTION app.reply_to_review(uuid, text) IS
    'The specialist, the caller, has replied to that review, once. BOOKING_NOT_FOUND, FORBIDDEN, REVIEW_NOT_FOUND, REVIEW_REPLIED.';
GRANT EXECUTE ON FUNCTION app.reply_to_review(uuid, text) TO consulta_user;

-- That somebody saw a doctor is nobody's business: a name is shown only where its owner said so,
-- and never more of it than the first name and an initial.
CREATE FUNCTION app.reviews_of(
    p_specialist uuid, p_after_at timestamptz, p_after_id uuid, p_limit integer)
RETURNS TABLE (id uuid, rating smallint, comment text, reviewer text, reply text,
    replied_at timestamptz, created_at timestamptz, edited_at timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = app, pg_catalog, pg_temp AS $$
    SELECT r.id, r.rating, r.comment,
           CASE WHEN r.shows_name THEN (
               SELECT left(split_part(btrim(p.full_name), ' ', 1), 50)
                      || coalesce(
                          ' ' || left(substring(btrim(p.full_name) FROM ' ([^ ]+)$'), 1) || '.', '')
               FROM app.profiles p WHERE p.user_id = r.client_id) END,
           r.reply, r.replied_at, r.created_at, r.edited_at
    FROM app.reviews r JOIN app.specialists s ON s.id = r.specialist_id
    WHERE r.specialist_id = p_specialist AND NOT r.is_hidden
      AND (s.is_verified OR s.id = app.user_id())
      AND (p_after_at IS NULL OR (r.created_at, r.id) < (p_after_at, p_after_id))
    ORDER BY r.created_at DESC, r.id DESC
    LIMIT least(p_limit, 101)
$$;
COMMENT ON FUNCTION app.reviews_of(uuid, timestamptz, uuid, integer) IS
    'What the public may read of a specialist''s reviews, the newest first: neither client nor booking, and a name only where the client shows it.';
GRANT EXECUTE ON FUNCTION app.reviews_of(uuid, timestamptz, uuid, integer)
    TO consulta_anonymous, consulta_user, consulta_admin;

CREATE FUNCTION app.refresh_rating() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = app, pg_catalog, pg_temp AS $$
BEGIN
    -- The page is locked first and counted in a new statement, which sees whatever was committed
    -- meanwhile. It is the last lock of whoever writes a review, so nobody waits in a circle; and
    -- it leaves room for the keys that bookings have on the page.
    PERFORM 1 FROM app.specialists s WHERE s.id = NEW.specialist_id FOR NO KEY UPDATE;
    UPDATE app.specialists s
    SET (rating_average, rating_count) = (
        SELECT round(avg(r.rating), 2), count(*) FROM app.reviews r
        WHERE r.specialist_id = NEW.specialist_id AND NOT r.is_hidden)
    WHERE s.id = NEW.specialist_id;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION app.refresh_rating() IS
    'A specialist''s average and count are those of the reviews that are not hidden.';
GRANT EXECUTE ON FUNCTION app.refresh_rating() TO consulta_owner;
