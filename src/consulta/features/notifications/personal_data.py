"""What notifications hold about a person: that something was told, never in which words."""

from consulta.platform.personal_data import PersonalData, erasing, part

PERSONAL_DATA = PersonalData(
    parts=(
        part(
            "notifications",
            "notifications",
            statement="""
SELECT n.id, n.kind, n.booking_id, n.series_id, n.payment_id, n.purchase_id, n.language, n.state,
       n.send_at, n.sent_at, n.read_at, n.created_at
FROM app.notifications n WHERE n.recipient_id = $1
ORDER BY n.created_at DESC, n.id LIMIT $2
""",
        ),
        part(
            "notification_preferences",
            "notification_preferences",
            statement="SELECT w.* FROM app.notification_preferences w"
            " WHERE w.user_id = $1 LIMIT $2",
        ),
    ),
    erase=erasing(
        "UPDATE app.notification_preferences SET language = NULL, bookings = true,"
        " reminders = true, follow_ups = true, series = true, packages = true WHERE user_id = $1"
    ),
)
