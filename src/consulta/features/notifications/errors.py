"""The errors of notifications."""

from consulta.kernel.errors import NotFound, Unavailable


class NotificationNotFound(NotFound):
    """There is no such notification, or it is not yours."""

    code = "NOTIFICATION_NOT_FOUND"


class MailServerAway(Unavailable):
    """The mail server takes no mail at present."""

    code = "MAIL_SERVER_AWAY"
