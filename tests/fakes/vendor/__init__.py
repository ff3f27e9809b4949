"""What the smaller fakes share: a server with faults on order, a post office and a control desk.

Not here: anything that a vendor does; that is in the vendor's own folder.
"""
