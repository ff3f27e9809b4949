"""Objects kept outside of the database, behind one port: an S3-compatible store, or a folder."""
