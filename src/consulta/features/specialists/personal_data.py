"""What a specialist's page holds about a person."""

from consulta.platform.personal_data import PersonalData, erasing, part

PERSONAL_DATA = PersonalData(
    parts=(
        part(
            "specialist_page",
            "specialists",
            "specialist_contacts",
            "specialist_specialties",
            "specialist_languages",
            statement="""
SELECT s.*, c.email, c.phone, c.verification_documents,
       ARRAY(SELECT f.specialty FROM app.specialist_specialties f
             WHERE f.specialist_id = s.id ORDER BY 1) AS specialties,
       ARRAY(SELECT l.language FROM app.specialist_languages l
             WHERE l.specialist_id = s.id ORDER BY 1) AS languages
FROM app.specialists s LEFT JOIN app.specialist_contacts c ON c.specialist_id = s.id
WHERE s.id = $1 LIMIT $2
""",
        ),
        part(
            "specialist_rates",
            "specialist_rates",
            statement="SELECT r.* FROM app.specialist_rates r WHERE r.specialist_id = $1"
            " ORDER BY r.created_at DESC, r.id LIMIT $2",
        ),
    ),
    erase=erasing(
        "UPDATE app.specialists SET full_name = 'Erased account', headline = NULL, bio = NULL,"
        " qualifications = '[]', photo_url = NULL, letterhead_url = NULL, is_accepting = false"
        " WHERE id = $1",
        "UPDATE app.specialist_contacts SET email = NULL, phone = NULL,"
        " verification_documents = '[]' WHERE specialist_id = $1",
        "DELETE FROM app.specialist_specialties WHERE specialist_id = $1",
        "DELETE FROM app.specialist_languages WHERE specialist_id = $1",
        "UPDATE app.specialist_rates SET is_active = false WHERE specialist_id = $1 AND is_active",
    ),
    kept={
        "specialist_rates": "ended; names, prices and descriptions under which sessions were sold"
    },
)
