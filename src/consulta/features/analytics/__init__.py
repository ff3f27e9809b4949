"""Analytics: counts and sums over bookings and money, read only.

Not here: anything that changes a row. It announces nothing.
"""
