"""The errors of webhooks."""

from consulta.kernel.errors import Conflict, NotFound


class WebhookAddressUnknown(NotFound):
    """No letters are received at this address."""

    code = "WEBHOOK_ADDRESS_UNKNOWN"


class WebhookEventNotFound(NotFound):
    """There is no such letter."""

    code = "WEBHOOK_EVENT_NOT_FOUND"


class WebhookEventUnderWay(Conflict):
    """The letter is being handled, or waits for its next attempt."""

    code = "WEBHOOK_EVENT_UNDER_WAY"
