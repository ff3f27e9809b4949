"""The steps of the walk-through around a session: what clients say, what is asked before it, who
hears of it and how, the way in, the note, the recording, the mail.
"""

REVIEWS = r"""
echo '--- @STEP@. What clients say of the doctor, her reply, and the average in the directory'
ask "$API/specialists/$DOCTOR" | field rating
ask "$API/specialists/$DOCTOR/reviews" | field items.0 | python3 -m json.tool
"""

INTAKE = r"""
echo '--- @STEP@. What the doctor asks before the session; the answers are sealed, for these two'
ask "$API/bookings/$BOOKING/intake" -H "$CLIENT" | field form.questions.0.label
ask -X PUT "$API/bookings/$BOOKING/intake" -H "$CLIENT" -H "$JSON" -d '{
  "answers": {"reason": "A check before the marathon", "smokes": false}}' | field is_completed
ask "$API/bookings/$BOOKING/intake" -H "$SARAH" | field answers
"""

LISTENING = r"""
echo '--- @STEP@. Two who listen: a browser to live events, another system to signed webhooks'
HEARD=$(mktemp -d)
ask --no-buffer --max-time 8 "$API/events" -H "$CLIENT" > "$HEARD/events" 2> "$HEARD/end" || true &
cat > "$HEARD/listener.py" <<'END'
import base64, hashlib, hmac, http.server, pathlib, time
heard = pathlib.Path(__file__).parent
class Listener(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        key = base64.b64decode((heard / "secret").read_text().strip().removeprefix("whsec_"))
        name = self.headers["webhook-id"] + "." + self.headers["webhook-timestamp"] + "."
        sign = base64.b64encode(hmac.digest(key, name.encode() + body, hashlib.sha256)).decode()
        good = "v1," + sign in self.headers["webhook-signature"].split()
        (heard / "post").write_text(body.decode() + "\nsignature: " + ("good" if good else "bad"))
        self.send_response(204)
        self.end_headers()
    def log_message(self, *rest):
        pass
with http.server.HTTPServer(("127.0.0.1", 0), Listener) as server:
    (heard / "port").write_text(str(server.server_port))
    server.timeout = 10
    server.handle_request()
END
python3 "$HEARD/listener.py" &
until [ -s "$HEARD/port" ]; do sleep 0.1; done
HOOK=$(ask -X POST "$API/specialists/me/webhook-endpoints" -H "$SARAH" -H "$JSON" -d '{
  "url": "http://127.0.0.1:'"$(cat "$HEARD/port")"'/hooks", "topics": ["booking.confirmed"]}')
echo "$HOOK" | field secret > "$HEARD/secret"
echo "$HOOK" | field topics
"""

HEARD = r"""
echo '--- @STEP@. What both have heard of it: ids and never words'
for second in 1 2 3 4 5 6 7 8; do [ -s "$HEARD/post" ] && break; sleep 1; done
cat "$HEARD/post"; echo
grep '^event: booking' "$HEARD/events"
ask -X DELETE "$API/specialists/me/webhook-endpoints/$(echo "$HOOK" | field id)" -H "$SARAH"
rm -r "$HEARD"
"""

JOINING = r"""
echo '--- @STEP@. Its video meeting: there, and open from a quarter of an hour before the session'
ask "$API/bookings/$BOOKING/meeting" -H "$CLIENT" | field status
curl --silent --noproxy '*' "$API/bookings/$BOOKING/join" -H "$CLIENT" | field detail
"""

NOTE = r"""
echo '--- @STEP@. The doctor writes a note; the client reads it, and the audit log knows'
NOTE=$(ask -X POST "$API/bookings/$BOOKING/notes" -H "$SARAH" -H "$JSON" -d '{
  "notes": "Fit for the marathon.", "follow_up_actions": "Drink enough."}' | field id)
ask "$API/bookings/$BOOKING/notes/$NOTE" -H "$CLIENT" | field notes
ask "$API/bookings/$BOOKING" -H "$CLIENT" | field notes_count
"""

RECORDING = r"""
echo '--- @STEP@. A recording of a session that was held: announced, brought, compared, fetched'
HELD=$(ask "$API/bookings?status=completed" -H "$CLIENT" | field items.0.id)
FILM=$(mktemp); echo 'moving pictures' > "$FILM"
SUM=$(python3 -c '
import hashlib, sys
print(hashlib.sha256(open(sys.argv[1], "rb").read()).hexdigest())' "$FILM")
FILMED=$(ask -X POST "$API/bookings/$HELD/recordings" -H "$ADMIN" -H "$JSON" -d '{
  "file_format": "mp4", "duration_seconds": 1800, "storage_size_bytes": 16, "sha256": "'$SUM'"}')
ask --upload-file "$FILM" "$(echo "$FILMED" | field upload.url)"
RECORDING="$API/bookings/$HELD/recordings/$(echo "$FILMED" | field id)"
ask -X POST "$RECORDING/complete" -H "$ADMIN" | field status
ask "$(ask -X POST "$RECORDING/download-link" -H "$CLIENT" | field url)"
ask -X DELETE "$RECORDING" -H "$ADMIN"
rm "$FILM"
"""

MAIL = r"""
echo '--- @STEP@. What the client was told, the newest first, and the mail that says so'
for second in 1 2 3 4 5 6 7 8; do
  @CONSULTA@ mail list | grep -q ' is confirmed$' && break; sleep 1; done
ask "$API/me/notifications?limit=5" -H "$CLIENT" | python3 -c '
import json, sys
for one in json.load(sys.stdin)["items"]:
    print(one["kind"], one["state"])'
@CONSULTA@ mail list | grep ' is confirmed$' | tail -3
"""
