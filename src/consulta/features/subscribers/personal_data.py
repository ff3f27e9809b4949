"""What outgoing webhooks hold about a person."""

from consulta.platform.personal_data import PersonalData, erasing, part

PERSONAL_DATA = PersonalData(
    parts=(
        part(
            "webhook_endpoints",
            "webhook_endpoints",
            statement="SELECT e.* FROM app.webhook_endpoints e WHERE e.specialist_id = $1"
            " ORDER BY e.created_at DESC, e.id LIMIT $2",
        ),
    ),
    untold={"webhook_deliveries": "ids of facts, posted to the specialist's own systems; swept"},
    erase=erasing(
        "SELECT app.delete_webhook_endpoint(e.id) FROM app.webhook_endpoints e"
        " WHERE e.specialist_id = $1 AND e.deleted_at IS NULL"
    ),
)
