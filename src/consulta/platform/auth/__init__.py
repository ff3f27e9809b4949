"""Who is calling: from a bearer token to an actor, and the guards on the doors of routes."""
