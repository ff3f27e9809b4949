"""The errors of payment configs. None of them repeats a key."""

from consulta.kernel.errors import Conflict, Invalid, NotFound


class PaymentConfigNotFound(NotFound):
    """You are not paid through an account of your own at this provider."""

    code = "PAYMENT_CONFIG_NOT_FOUND"


class PaymentConfigChanged(Conflict):
    """Somebody changed these keys at the same moment: look at them, and try again."""

    code = "PAYMENT_CONFIG_CHANGED"


class TooManyPaymentConfigs(Conflict):
    """There are as many accounts as there may be, those of the past included."""

    code = "TOO_MANY_PAYMENT_CONFIGS"


class PaymentKeysMixed(Invalid):
    """The keys are not all live, and not all for tests: they do not belong together."""

    code = "PAYMENT_KEYS_MIXED"


class PaymentKeysOfOtherMode(Invalid):
    """Production takes live keys alone, and every other environment takes test keys alone."""

    code = "PAYMENT_KEYS_OF_OTHER_MODE"


PUT_ERRORS = (
    PaymentConfigNotFound,
    PaymentConfigChanged,
    TooManyPaymentConfigs,
    PaymentKeysMixed,
    PaymentKeysOfOtherMode,
)
