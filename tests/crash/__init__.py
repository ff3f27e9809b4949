"""The crash harness: sees every event between service and outside, and kills at any of them.

Not here: which promises must survive a crash (the suites that use it), the fakes of the vendors.
"""
