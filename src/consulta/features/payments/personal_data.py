"""What payments hold about a person."""

from consulta.platform.personal_data import PersonalData, part

PERSONAL_DATA = PersonalData(
    parts=(
        part(
            "payments",
            "payments",
            statement="SELECT p.* FROM app.payments p WHERE p.client_id = $1"
            " ORDER BY p.created_at DESC, p.id LIMIT $2",
        ),
    ),
    untold={
        "payment_actions": "what a browser had to do for a payment; the payment says what came",
        "payment_disputes": "what banks decided; the payment says how the last one stands",
        "payment_operations": "what providers were asked; the payment says what came of it",
    },
    kept={"payments": "books are kept for as long as the law of taxes says"},
)
