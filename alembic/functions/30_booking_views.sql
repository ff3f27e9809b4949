-- A booking as its parties see it, with its payment; the payer alone sees the next action.
-- Made anew with the functions: a view has no rows of its own to lose.

CREATE VIEW app.booking_views WITH (security_invoker = true) AS
SELECT b.*, p.id AS payment_id, p.provider AS payment_provider, p.account AS payment_account,
       p.status AS payment_status,
       p.amount_minor AS payment_amount_minor, p.captured_minor AS payment_captured_minor,
       p.refunded_minor AS payment_refunded_minor, p.last_error AS payment_last_error,
       p.is_disputed AS payment_is_disputed, p.dispute_status AS payment_dispute_status,
       p.dispute_reason AS payment_dispute_reason, p.dispute_minor AS payment_dispute_minor,
       a.next_action AS payment_next_action,
       s.full_name AS specialist_name, f.full_name AS client_name
FROM app.bookings b
LEFT JOIN app.specialists s ON s.id = b.specialist_id
LEFT JOIN app.profiles f ON f.user_id = b.client_id
LEFT JOIN LATERAL (
    SELECT * FROM app.payments q WHERE q.booking_id = b.id
    ORDER BY (q.status IN ('failed', 'cancelled')), q.created_at DESC LIMIT 1) p ON true
LEFT JOIN app.payment_actions a ON a.payment_id = p.id;
COMMENT ON VIEW app.booking_views IS 'Bookings with their present payment, under the reader''s own rights.';
GRANT SELECT ON app.booking_views TO consulta_user, consulta_admin, consulta_worker;
