"""Floor 2: machinery that knows no domain noun."""
