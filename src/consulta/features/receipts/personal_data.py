"""What the books hold about a person."""

from consulta.platform.personal_data import PersonalData, part

PERSONAL_DATA = PersonalData(
    parts=(
        part(
            "receipts",
            "receipts",
            statement="SELECT r.* FROM app.receipts r WHERE r.client_id = $1"
            " ORDER BY r.issued_at DESC, r.id LIMIT $2",
        ),
    ),
    untold={
        "ledger_entries": "the other side of the receipts; a specialist reads the own ones",
        "receipt_counters": "a counter",
    },
    kept={"receipts": "receipts, credit notes and the ledger: the law of taxes; with their names"},
)
