"""What video accounts hold about a person; erasing the account takes their secrets away."""

from consulta.platform.personal_data import PersonalData, part

PERSONAL_DATA = PersonalData(
    parts=(
        part(
            "video_accounts",
            "video_configs",
            statement="SELECT c.* FROM app.video_configs c WHERE c.specialist_id = $1"
            " ORDER BY c.created_at DESC, c.id LIMIT $2",
        ),
    ),
    untold={"video_config_keys": "sealed secrets, which are never handed out"},
)
