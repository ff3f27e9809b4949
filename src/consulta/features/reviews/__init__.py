"""Reviews: what clients say of completed sessions, the specialist's reply, and the rating of both.

Not here: the directory that sorts by it (specialists). What the public reads names neither client
nor booking. Announces that a review was posted (the outbox).
"""
