"""Floor 0: plain Python that every other floor may lean on. No input, no output, no framework."""
