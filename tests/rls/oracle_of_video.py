"""The oracle's part on video: settings, meetings, and how they are joined."""

from collections.abc import Mapping

from tests.rls.law import ADMIN, DEFINER, OWN_ROWS, PARTIES, WORKER, Law

VIDEO_LAWS: Mapping[str, Law] = {
    "video_configs": Law(
        key=("id",),
        select={**OWN_ROWS, **ADMIN, **WORKER, **DEFINER},
        insert=DEFINER,
        update={**WORKER, **DEFINER},
        touch=("state", "'broken'"),
    ),
    "video_config_keys": Law(
        key=("config_id", "specialist_id"),
        select={**WORKER, **DEFINER},
        insert=DEFINER,
        update={**WORKER, **DEFINER},
        delete=DEFINER,
        touch=("key_id", "'k2'"),
    ),
    "meetings": Law(
        key=("id",),
        select={**PARTIES, **ADMIN, **WORKER, **DEFINER},
        insert=WORKER,
        update={**WORKER, **DEFINER},
        touch=("attempts", "3"),
    ),
    "meeting_links": Law(
        key=("meeting_id", "specialist_id", "client_id"),
        select=WORKER,
        insert=WORKER,
        update=WORKER,
        delete=WORKER,
        touch=("key_id", "'k2'"),
    ),
}
