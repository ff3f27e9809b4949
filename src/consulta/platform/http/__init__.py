"""HTTP machinery: dependencies, problem documents, bodies, idempotency, middleware."""
