"""What packages hold about a person."""

from consulta.platform.personal_data import PersonalData, erasing, part

PERSONAL_DATA = PersonalData(
    parts=(
        part(
            "package_purchases",
            "package_purchases",
            statement="SELECT p.* FROM app.package_purchases p WHERE p.client_id = $1"
            " ORDER BY p.created_at DESC, p.id LIMIT $2",
        ),
        part(
            "package_credits",
            "package_credits",
            statement="SELECT c.* FROM app.package_credits c WHERE c.client_id = $1"
            " ORDER BY c.created_at DESC, c.id LIMIT $2",
        ),
        part(
            "packages_offered",
            "booking_packages",
            statement="SELECT p.* FROM app.booking_packages p WHERE p.specialist_id = $1"
            " ORDER BY p.created_at DESC, p.id LIMIT $2",
        ),
    ),
    erase=erasing(
        "UPDATE app.booking_packages SET is_active = false WHERE specialist_id = $1 AND is_active"
    ),
    kept={
        "package_purchases": "they were paid for; what was left of them is lost",
        "packages_offered": "ended; what was sold, with its description",
    },
)
