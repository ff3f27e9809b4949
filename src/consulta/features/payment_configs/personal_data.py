"""What gateway accounts hold about a person."""

from consulta.platform.personal_data import PersonalData, erasing, part

PERSONAL_DATA = PersonalData(
    parts=(
        part(
            "payment_accounts",
            "payment_configs",
            statement="SELECT c.* FROM app.payment_configs c WHERE c.specialist_id = $1"
            " ORDER BY c.created_at DESC, c.id LIMIT $2",
        ),
    ),
    untold={"payment_config_keys": "sealed secrets, which are never handed out"},
    erase=erasing(
        "SELECT app.end_payment_config(c.provider) FROM app.payment_configs c"
        " WHERE c.specialist_id = $1 AND c.is_active"
    ),
    kept={"payment_accounts": "ended; refunds and disputes of past payments need them"},
)
