"""The errors of recordings."""

from consulta.kernel.errors import Conflict, Gone, NotFound


class RecordingNotFound(NotFound):
    """There is no such recording, or it is not yours to see."""

    code = "RECORDING_NOT_FOUND"


class RecordingNotUploaded(Conflict):
    """Nothing has been uploaded yet: bring the file to the address that you were given."""

    code = "RECORDING_NOT_UPLOADED"


class RecordingCorrupt(Conflict):
    """What was uploaded is not what was announced, and has been thrown away."""

    code = "RECORDING_CORRUPT"


class RecordingNotUploading(Conflict):
    """The recording does not wait for a file any more."""

    code = "RECORDING_NOT_UPLOADING"


class RecordingNotReady(Conflict):
    """The recording has not arrived yet, or never will."""

    code = "RECORDING_NOT_READY"


class RecordingDeleted(Gone):
    """The recording was deleted, or its time is over."""

    code = "RECORDING_DELETED"


class TooManyRecordings(Conflict):
    """A session has twenty recordings at most."""

    code = "TOO_MANY_RECORDINGS"
