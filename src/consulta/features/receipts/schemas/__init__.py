"""Response bodies of receipts and of the ledger, and a receipt as a printable page."""

from consulta.features.receipts.schemas.ledger import (
    LedgerEntryOut,
    LedgerMismatches,
    entry_out,
    mismatch_out,
)
from consulta.features.receipts.schemas.page import receipt_page
from consulta.features.receipts.schemas.receipt import Kind, ReceiptOut, Receipts, receipt_out

__all__ = [
    "Kind",
    "LedgerEntryOut",
    "LedgerMismatches",
    "ReceiptOut",
    "Receipts",
    "entry_out",
    "mismatch_out",
    "receipt_out",
    "receipt_page",
]
