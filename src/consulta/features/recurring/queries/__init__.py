"""Reading series (`series`), and what the dispatcher works on (`dispatch`)."""
