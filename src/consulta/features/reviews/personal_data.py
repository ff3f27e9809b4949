"""What reviews hold about a person; erasing the account takes the words out of them."""

from consulta.platform.personal_data import PersonalData, part

PERSONAL_DATA = PersonalData(
    parts=(
        part(
            "reviews",
            "reviews",
            statement="SELECT r.* FROM app.reviews r WHERE r.client_id = $1"
            " ORDER BY r.created_at DESC, r.id LIMIT $2",
        ),
    ),
    kept={"ratings": "the number alone, of nobody: others relied on the average"},
)
