"""The errors of subscribers."""

from consulta.kernel.errors import Conflict, NotFound


class WebhookEndpointNotFound(NotFound):
    """There is no such endpoint, or it is not yours."""

    code = "WEBHOOK_ENDPOINT_NOT_FOUND"


class WebhookDeliveryNotFound(NotFound):
    """Nothing of that id was posted to this endpoint."""

    code = "WEBHOOK_DELIVERY_NOT_FOUND"


class TooManyWebhookEndpoints(Conflict):
    """There are ten endpoints already: change or delete one."""

    code = "TOO_MANY_WEBHOOK_ENDPOINTS"


class TooManyWebhookTests(Conflict):
    """Five tests are still on their way to this endpoint."""

    code = "TOO_MANY_WEBHOOK_TESTS"


class WebhookEndpointInactive(Conflict):
    """Nothing is posted to this endpoint: switch it on first."""

    code = "WEBHOOK_ENDPOINT_INACTIVE"


class WebhookDeliveryUnderWay(Conflict):
    """This delivery is still being tried."""

    code = "WEBHOOK_DELIVERY_UNDER_WAY"
