"""Floor 1: the schema and only the schema."""
