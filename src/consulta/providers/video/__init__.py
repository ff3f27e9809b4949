"""Where sessions take place: one port, one file per vendor."""
