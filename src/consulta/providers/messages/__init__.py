"""Mail: `port.py` says what a post does; the files beside it do it."""
