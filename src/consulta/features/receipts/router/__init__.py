"""Paths of receipts and of the ledger."""

from fastapi import APIRouter

from consulta.features.receipts.router.ledger import router as ledger
from consulta.features.receipts.router.receipts import router as receipts

router = APIRouter()
for part in (receipts, ledger):
    router.include_router(part)
