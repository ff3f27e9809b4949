"""The errors of receipts."""

from consulta.kernel.errors import NotFound


class ReceiptNotFound(NotFound):
    """There is no such receipt, or it is not yours to see."""

    code = "RECEIPT_NOT_FOUND"
