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
        "UPDATE app.coupons SET is_active = false, description = NULL"
        " WHERE specialist_id = $1 AND (is_active OR description IS NOT NULL)"
    ),
    kept={"coupons_used": "they explain the amounts of sessions"},
)
