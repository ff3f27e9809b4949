"""The oracle's part on what sessions leave behind: recordings, and what clients say of them."""

from collections.abc import Mapping

from tests.rls.law import ADMIN, DEFINER, OWN_ROWS, PARTIES, WORKER, Law, between_parties

SESSION_LAWS: Mapping[str, Law] = {
    "recording_settings": Law(
        key=("specialist_id",),
        select={**OWN_ROWS, **ADMIN, **WORKER},
        insert=OWN_ROWS,
        update=OWN_ROWS,
        touch=("retention_days", "9"),
    ),
    "meeting_recordings": Law(
        key=("id",),
        select={**PARTIES, **ADMIN, **WORKER, **DEFINER},
        insert={**ADMIN, **WORKER},
        update={**ADMIN, **WORKER, **DEFINER},
        touch=("expires_at", "now() + interval '9 days'"),
    ),
    "reviews": between_parties(
        insert=DEFINER, update={**ADMIN, **DEFINER}, touch=("is_hidden", "false")
    ),
}
