"""Subscribers: addresses of other systems that facts are posted to, and the log of the posts.

Not here: how a post reaches its address and no other (providers/outgoing), letters that come in
(webhooks). Announces nothing; `webhook_endpoint.disabled` is told when it stops posting.
"""
