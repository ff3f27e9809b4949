"""The walk-through: every path of a booking, and what surrounds it, as `curl` commands that can be
pasted one after the other, or run as a script. They need a shell, curl and python3 (to pick values
out of JSON).
"""

import shlex
import sys
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from re import sub

from consulta.demo import around
from consulta.seed import SampleWorld

_WIDTH = 78


@dataclass(frozen=True, slots=True)
class Guide:
    """What the commands are filled with; `root` is the address of the service."""

    root: str
    world: SampleWorld
    cron_secret: str
    file: Path
    mail: Path

    @property
    def command(self) -> str:
        """The command line of this installation, on the mail of this demo, from any folder."""
        here = f"{shlex.quote(sys.executable)} -m consulta.cli"
        return f"MAIL_FOLDER={shlex.quote(str(self.mail.resolve()))} {here}"


def banner(guide: Guide) -> str:
    """Where the service is, and what it does not do."""
    rule = "=" * _WIDTH
    return f"""
{rule}
   SANDBOX PAYMENTS: NO MONEY MOVES. Cards are names such as pm_sandbox_visa,
   nobody is charged, and production settings refuse to run like this.
{rule}

   API            {guide.root}/api/v1
   Documentation  {guide.root}/docs   (works without internet)

   The walk-through below can be pasted command by command, or run at once:

       sh {guide.file}

   Nobody is written to: mail lies in a folder (its links lead to a frontend, which
   is not part of this), and in another terminal, in this folder,

       .venv/bin/consulta mail list        (and `mail show 1`)

   Ctrl-C stops everything. The data stay, and so do the bookings.
"""


def printed(guide: Guide) -> str:
    """The walk-through for the terminal."""
    return _commands(guide) + "\n" + "=" * _WIDTH


def script(guide: Guide) -> str:
    """The same as a file: it stops at the first command that fails."""
    return "#!/bin/sh\nset -eu\n" + _commands(guide)


def _commands(guide: Guide) -> str:
    world = guide.world
    values = {
        "@ROOT@": guide.root,
        "@CLIENT@": world.client.token,
        "@CLIENT_NAME@": world.client.name,
        "@SARAH@": world.sarah.token,
        "@SARAH_NAME@": world.sarah.name,
        "@ADMIN@": world.admin.token,
        "@CRON@": guide.cron_secret,
        "@CONSULTA@": guide.command,
    }
    number = count(1)
    text = _PREPARATION + sub("@STEP@", lambda _: str(next(number)), "".join(_STEPS))
    for name, value in values.items():
        text = text.replace(name, value)
    return text


# Headings are echoed: an interactive zsh takes `#` for a command. `field` picks a value out of the
# JSON on its input by its path, such as `items.0.id`; `ask` is curl that fails where it is refused.
_PREPARATION = r"""
echo '--- @CLIENT_NAME@ books, @SARAH_NAME@ is booked'
API='@ROOT@/api/v1'
CLIENT='Authorization: Bearer @CLIENT@'
SARAH='Authorization: Bearer @SARAH@'
ADMIN='Authorization: Bearer @ADMIN@'
CRON='Authorization: Bearer @CRON@'
JSON='Content-Type: application/json'
ask() { curl --silent --show-error --fail-with-body --noproxy '*' "$@"; }
key() { echo "Idempotency-Key: $(python3 -c 'import uuid; print(uuid.uuid4())')"; }
field() { python3 -c '
import json, sys
found = json.load(sys.stdin)
for name in sys.argv[1].split("."):
    found = found[int(name) if name.isdigit() else name]
print(found if isinstance(found, str) else json.dumps(found))' "$1"; }
"""

_STEPS = (
    r"""
echo '--- @STEP@. The directory: anybody may look. Cardiologists who speak Urdu'
ask "$API/specialists?specialty=Cardiology&language=Urdu" | python3 -m json.tool
DOCTOR=$(ask "$API/specialists?q=sarah%20ahmed" | field items.0.id)
RATE=$(ask "$API/specialists/$DOCTOR/rates" | python3 -c '
import json, sys
print(next(rate["id"] for rate in json.load(sys.stdin)["items"] if rate["kind"] == "standard"))')
""",
    around.REVIEWS,
    r"""
echo '--- @STEP@. Free times of a fortnight: the first after tomorrow, in Stockholm and in Dubai'
DAY=$(python3 -c 'import datetime; print(datetime.date.today() + datetime.timedelta(days=2))')
FREE="$API/specialists/$DOCTOR/slots?rate_id=$RATE&from=$DAY"
ask "$FREE&time_zone=Europe/Stockholm" | field items.0
START=$(ask "$FREE" | field items.0.starts_at)
echo "$START"
""",
    r"""
echo '--- @STEP@. Hold it for ten minutes, while the form is being filled in'
HOLD=$(ask -X POST "$API/holds" -H "$CLIENT" -H "$JSON" -H "$(key)" -d '{
  "specialist_id": "'$DOCTOR'", "rate_id": "'$RATE'", "starts_at": "'$START'"}')
TOKEN=$(echo "$HOLD" | field hold_token)
echo "$HOLD" | field expires_at
""",
    r"""
echo '--- @STEP@. Book it and pay by card: the amount is reserved, not taken'
BOOKED=$(ask -X POST "$API/bookings" -H "$CLIENT" -H "$JSON" -H "$(key)" -d '{
  "specialist_id": "'$DOCTOR'", "rate_id": "'$RATE'", "starts_at": "'$START'",
  "hold_token": "'$TOKEN'", "payment_method": "pm_sandbox_visa", "note": "First visit"}')
BOOKING=$(echo "$BOOKED" | field id)
echo "booking: $(echo "$BOOKED" | field status)"
echo "payment: $(echo "$BOOKED" | field payment.status)"
""",
    r"""
echo '--- @STEP@. Both parties can see it; to everybody else it does not exist'
ask "$API/bookings/$BOOKING" -H "$CLIENT" | python3 -m json.tool
""",
    around.INTAKE,
    r"""
echo '--- @STEP@. A declined card leaves a booking unpaid; another card on the same payment works'
START=$(ask "$FREE" | field items.0.starts_at)
UNPAID=$(ask -X POST "$API/bookings" -H "$CLIENT" -H "$JSON" -H "$(key)" -d '{
  "specialist_id": "'$DOCTOR'", "rate_id": "'$RATE'", "starts_at": "'$START'",
  "payment_method": "pm_sandbox_declined"}')
echo "$UNPAID" | field payment.last_error
PAYMENT=$(echo "$UNPAID" | field payment.id)
ask -X POST "$API/sandbox/payments/$PAYMENT/method" -H "$CLIENT" -H "$JSON" -d '{
  "payment_method": "pm_sandbox_visa"}' | field status
""",
    r"""
echo '--- @STEP@. 3-D Secure: the bank wants to see the payer first'
START=$(ask "$FREE" | field items.0.starts_at)
SECURE=$(ask -X POST "$API/bookings" -H "$CLIENT" -H "$JSON" -H "$(key)" -d '{
  "specialist_id": "'$DOCTOR'", "rate_id": "'$RATE'", "starts_at": "'$START'",
  "payment_method": "pm_sandbox_3ds"}')
echo "$SECURE" | field payment.status
PAYMENT=$(echo "$SECURE" | field payment.id)
ask -X POST "$API/sandbox/payments/$PAYMENT/action" -H "$CLIENT" -H "$JSON" -d '{
  "succeed": true}' | field status
""",
    r"""
echo '--- @STEP@. Cancel that one: nothing was taken yet, so all of it is released'
ask -X POST "$API/bookings/$(echo "$SECURE" | field id)/cancel" \
  -H "$CLIENT" -H "$JSON" -H "$(key)" -d '{"reason": "Feeling better"}' | field status
""",
    r"""
echo '--- @STEP@. The specialist declines the one that was paid with another card'
ask -X POST "$API/bookings/$(echo "$UNPAID" | field id)/decline" \
  -H "$SARAH" -H "$JSON" -H "$(key)" -d '{"reason": "At a conference"}' | field status
""",
    r"""
echo '--- @STEP@. A cron daemon rings every 15 minutes: what is overdue expires'
ask -X POST '@ROOT@/api/cron/cleanup-bookings' -H "$CRON" | python3 -m json.tool
""",
    around.LISTENING,
    r"""
echo '--- @STEP@. The specialist confirms the first booking: now the money is taken'
DONE=$(ask -X POST "$API/bookings/$BOOKING/confirm" -H "$SARAH" -H "$(key)")
ask "$API/bookings/$BOOKING/history" -H "$CLIENT" | python3 -m json.tool
echo "booking: $(echo "$DONE" | field status)"
echo "payment: $(echo "$DONE" | field payment.status)"
""",
    around.HEARD,
    around.JOINING,
    around.NOTE,
    r"""
echo '--- @STEP@. Move it to another time: same booking, same payment. As a calendar file, too'
LATER=$(ask "$FREE&exclude_booking=$BOOKING" -H "$CLIENT" | field items.9.starts_at)
ask -X POST "$API/bookings/$BOOKING/reschedule" -H "$CLIENT" -H "$JSON" -H "$(key)" -d '{
  "starts_at": "'$LATER'"}' | field revision
ask "$API/bookings/$BOOKING/calendar.ics" -H "$CLIENT" | grep -E 'UID|SEQUENCE|DTSTART'
""",
    r"""
echo '--- @STEP@. What comes back if it is called off now? The amount shown is the amount returned'
QUOTE=$(ask "$API/bookings/$BOOKING/cancellation-quote" -H "$CLIENT")
echo "$QUOTE" | field refund
ask -X POST "$API/bookings/$BOOKING/cancel" -H "$CLIENT" -H "$JSON" -H "$(key)" -d '{
  "reason_code": "schedule_conflict", "quote_token": "'"$(echo "$QUOTE" | field quote_token)"'"}' \
  | field payment.refunded
""",
    r"""
echo '--- @STEP@. Why is there no session at three in the night? The engine says'
NIGHT="$(python3 -c 'import datetime
print(datetime.date.today() + datetime.timedelta(days=3))')T03:00:00%2B04:00"
ask "$API/specialists/$DOCTOR/slots/explain?at=$NIGHT&rate_id=$RATE" | field reasons
""",
    r"""
echo '--- @STEP@. A coupon: ten percent off the next one'
ask "$API/coupons/welcome-10/validate?specialist_id=$DOCTOR&rate_id=$RATE" -H "$CLIENT" \
  | field total
""",
    r"""
echo '--- @STEP@. Four follow-ups at once: bought with one card payment, spent as credits'
PACKAGE=$(ask "$API/specialists/$DOCTOR/packages" | field items.0.id)
BOUGHT=$(ask -X POST "$API/packages/$PACKAGE/purchases" -H "$CLIENT" -H "$JSON" -H "$(key)" -d '{
  "payment_method": "pm_sandbox_visa"}')
PURCHASE=$(echo "$BOUGHT" | field id)
FOLLOWUP=$(echo "$BOUGHT" | field rate_id)
echo "credits: $(echo "$BOUGHT" | field credits_left)"
""",
    r"""
echo '--- @STEP@. A weekly series paid by them: first which dates will work, then the series itself'
SERIES='"specialist_id": "'$DOCTOR'", "rate_id": "'$FOLLOWUP'", "frequency": "weekly",
  "local_time": "11:00", "start_date": "'$(echo "$LATER" | cut -c1-10)'",
  "payment_mode": "package", "package_purchase_id": "'$PURCHASE'"'
ask -X POST "$API/recurring-bookings" -H "$CLIENT" -H "$JSON" -H "$(key)" \
  -d "{$SERIES, \"dry_run\": true}" | field items.0
ask -X POST "$API/recurring-bookings" -H "$CLIENT" -H "$JSON" -H "$(key)" -d "{$SERIES}" \
  | field status
ask "$API/package-purchases/$PURCHASE" -H "$CLIENT" | field credits_left
""",
    around.RECORDING,
    around.MAIL,
    r"""
echo '--- @STEP@. The practice in numbers, ready to plot'
UNTIL=$(python3 -c 'import datetime; print(datetime.date.today() + datetime.timedelta(days=27))')
ask "$API/specialists/me/stats?by=week&from=$DAY&to=$UNTIL" -H "$SARAH" | field bookings
""",
    r"""
echo '--- @STEP@. An admin sees the whole house'
ask "$API/admin/stats" -H "$ADMIN" | python3 -m json.tool
echo 'The walk-through ends here.'
""",
)
