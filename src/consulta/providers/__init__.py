"""Floor 3: the outside world, spoken of in our words. One file a vendor, one port a purpose."""
