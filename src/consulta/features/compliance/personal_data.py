"""What compliance holds about a person: what was agreed to, and what the person did."""

from consulta.platform.personal_data import PersonalData, part

PERSONAL_DATA = PersonalData(
    parts=(
        part(
            "consents",
            "consents",
            statement="SELECT c.* FROM app.consents c WHERE c.user_id = $1"
            " ORDER BY c.created_at DESC, c.id DESC LIMIT $2",
        ),
        part(
            "acts",
            "audit_logs",
            statement="SELECT a.* FROM app.audit_logs a WHERE a.actor_id = $1"
            ' ORDER BY a."timestamp" DESC, a.id DESC LIMIT $2',
        ),
    ),
    kept={
        "consents": "they prove what was agreed to while the account stood",
        "acts": "the audit log names ids and never what was said",
    },
)
