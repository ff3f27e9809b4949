-- Grants on what every role needs to name: the kernel functions. Everything else is per table.
GRANT EXECUTE ON FUNCTION app.now(), app.new_id(), app.user_id(), app.request_id(),
    app.caller_role(), app.refuse(text)
    TO consulta_anonymous, consulta_user, consulta_admin, consulta_worker, consulta_definer;
