"""The errors of payments."""

from consulta.kernel.errors import Conflict, Forbidden, NotFound, Unavailable
from consulta.providers.payments.port import ChargeRefused, SignatureRejected
from consulta.providers.payments.registry import ProviderNotConfigured

__all__ = ["ChargeRefused", "ProviderNotConfigured", "SignatureRejected"]


class PaymentNotFound(NotFound):
    """There is no such payment, or it is not yours to see."""

    code = "PAYMENT_NOT_FOUND"


class PaymentNotCapturable(Conflict):
    """The payment is not authorised, so nothing can be taken."""

    code = "PAYMENT_NOT_CAPTURABLE"


class PaymentNotVoidable(Conflict):
    """The payment cannot be released."""

    code = "PAYMENT_NOT_VOIDABLE"


class PaymentOperationUnderWay(Conflict):
    """Money is already on its way for this payment: look again in a moment."""

    code = "PAYMENT_OPERATION_UNDER_WAY"


class PaymentOperationUnknown(Conflict):
    """A payment has no such operation."""

    code = "PAYMENT_OPERATION_UNKNOWN"


class PaymentNotPending(Conflict):
    """The payment does not wait for a payment method."""

    code = "PAYMENT_NOT_PENDING"


class PaymentNotRefundable(Conflict):
    """Nothing was taken for this payment, so nothing can go back."""

    code = "PAYMENT_NOT_REFUNDABLE"


class PaymentInDispute(Conflict):
    """The payer's bank holds money of this payment back: nothing is returned until it has decided,
    or the payer would have it twice.
    """

    code = "PAYMENT_DISPUTED"


class RefundExceedsCaptured(Conflict):
    """More would go back than was taken."""

    code = "REFUND_EXCEEDS_CAPTURED"


class RefundNotDue(Forbidden):
    """No refund of this amount is due."""

    code = "REFUND_NOT_DUE"


class PaymentNotByHand(Conflict):
    """A gateway has the money of this payment: nobody hands it over."""

    code = "PAYMENT_NOT_BY_HAND"


class PaymentNotPayable(Conflict):
    """The payment was settled before, or what it was for has come to nothing."""

    code = "PAYMENT_NOT_PAYABLE"


class PaymentAmountDiffers(Conflict):
    """The payment is of another amount."""

    code = "PAYMENT_AMOUNT_DIFFERS"


class AmountMismatch(Conflict):
    """The provider's amount or currency is not ours: somebody has to look at it."""

    code = "PAYMENT_AMOUNT_MISMATCH"


class PaymentMovedOn(Unavailable):
    """The payment changes faster than its provider can be read: later."""

    code = "PAYMENT_MOVED_ON"


class ChargeUnknown(NotFound):
    """No payment of ours belongs to this charge, or none yet."""

    code = "CHARGE_UNKNOWN"
