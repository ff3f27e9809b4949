"""What saved cards hold about a person."""

from consulta.platform.personal_data import PersonalData, erasing, part

PERSONAL_DATA = PersonalData(
    parts=(
        part(
            "saved_methods",
            "saved_methods",
            statement="""
SELECT m.id, m.specialist_id, m.provider, m.status, m.label, m.created_at, m.updated_at
FROM app.saved_methods m WHERE m.client_id = $1 ORDER BY m.created_at DESC, m.id LIMIT $2
""",
        ),
    ),
    untold={"saved_method_actions": "what a browser had to do so that a card was saved"},
    # The provider is told by the worker, as after any removal.
    erase=erasing(
        "SELECT app.remove_method(m.id) FROM app.saved_methods m"
        " WHERE m.client_id = $1 AND m.status <> 'removed'"
    ),
    kept={"saved_methods": "removed, without a label; past payments refer to them"},
)
