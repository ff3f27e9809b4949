"""Receipts: what money left behind when it moved, as its parties and admins may see it: receipts
and credit notes numbered without gaps, and the entries of the double-entry ledger.

Not here: the writing of either (a trigger on payments, so that no door moves money without them),
and the moving of money (payments). Announces nothing.
"""
