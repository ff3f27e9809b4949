"""What is done in intake: questions are put and withdrawn, answered, and read."""

from consulta.features.intake.service.answer import answer, intake_of
from consulta.features.intake.service.ask import put_form, withdraw_form

__all__ = ["answer", "intake_of", "put_form", "withdraw_form"]
