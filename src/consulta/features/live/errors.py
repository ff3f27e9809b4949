"""The errors of live events."""

from consulta.kernel.errors import RateLimited, Unavailable


class TooManyStreams(RateLimited):
    """You have as many streams open as you may: close one."""

    code = "TOO_MANY_STREAMS"


class StreamsFull(Unavailable):
    """This replica has no room for another stream: try again shortly."""

    code = "STREAMS_FULL"
