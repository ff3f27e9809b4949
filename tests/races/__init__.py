"""Two replicas of the service and everybody at once: what must hold when all come for one time."""
