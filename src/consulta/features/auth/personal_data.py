"""What sign-in holds about a person."""

from consulta.platform.personal_data import PersonalData, part

PERSONAL_DATA = PersonalData(
    parts=(
        part(
            "account",
            "users",
            statement="SELECT u.* FROM app.users u WHERE u.id = $1 LIMIT $2",
        ),
        part(
            "sign_ins",
            "user_sessions",
            statement="SELECT s.* FROM app.own_sign_ins($2) s WHERE $1::uuid IS NOT NULL",
        ),
    ),
    untold={
        "credentials": "the hash of a password, which would only help whoever steals it",
        "account_letters": "which letters about the account are due, and hashes of their tokens",
    },
    kept={"account_id": "what is kept of the past refers to it"},
)
