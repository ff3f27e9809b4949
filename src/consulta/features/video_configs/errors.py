"""The errors of video configs. None of them repeats a link or a key."""

from consulta.kernel.errors import Conflict, NotFound


class VideoConfigNotFound(NotFound):
    """You have not said where your sessions take place."""

    code = "VIDEO_CONFIG_NOT_FOUND"


class VideoConfigChanged(Conflict):
    """Somebody changed these settings at the same moment: look at them, and try again."""

    code = "VIDEO_CONFIG_CHANGED"


class TooManyVideoConfigs(Conflict):
    """There are as many accounts as there may be, those of the past included."""

    code = "TOO_MANY_VIDEO_CONFIGS"
