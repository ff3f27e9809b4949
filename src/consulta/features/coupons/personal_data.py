"""What coupons hold about a person."""

from consulta.platform.personal_data import PersonalData, erasing, part

PERSONAL_DATA = PersonalData(
    parts=(
        part(
            "coupons_used",
            "coupon_usages",
            statement="SELECT u.* FROM app.coupon_usages u WHERE u.client_id = $1"
            " ORDER BY u.created_at DESC, u.id LIMIT $2",
        ),
        part(
            "coupons_offered",
            "coupons",
            statement="SELECT c.* FROM app.coupons c WHERE c.specialist_id = $1"
            " ORDER BY c.created_at DESC, c.id LIMIT $2",
        ),
    ),
    erase=erasing(
        "UPDATE app.coupons SET is_active = false WHERE specialist_id = $1 AND is_active"
    ),
    kept={
        "coupons_used": "they explain the amounts of sessions",
        "coupons_offered": "ended; what was offered, with its description",
    },
)
