"""Stateful fakes of the vendors we talk to, startable as servers on the loopback interface.

Not here: the sandbox provider, which is part of the product, and any mock of our own code.
"""
