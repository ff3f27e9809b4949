"""Payment configs: the gateway accounts that specialists are paid through, and their sealed keys.

Not here: charging them (payments), receiving their letters (webhooks). Keys come in and never go
out: people write them, the worker alone opens them. Announces nothing.
"""
