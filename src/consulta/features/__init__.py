"""Floor 4: the rooms, one per resource; each sees only rooms below it."""
