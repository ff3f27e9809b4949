"""What the profile holds about a person."""

from consulta.platform.personal_data import PersonalData, erasing, part

PERSONAL_DATA = PersonalData(
    parts=(
        part(
            "profile",
            "profiles",
            "profile_contacts",
            statement="""
SELECT p.*, c.phone FROM app.profiles p LEFT JOIN app.profile_contacts c ON c.user_id = p.user_id
WHERE p.user_id = $1 LIMIT $2
""",
        ),
    ),
    erase=erasing(
        "UPDATE app.profiles SET full_name = 'Erased account', photo_url = NULL, locale = 'en',"
        " time_zone = 'UTC' WHERE user_id = $1",
        "UPDATE app.profile_contacts SET phone = NULL WHERE user_id = $1",
    ),
)
