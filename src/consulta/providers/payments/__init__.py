"""Payment providers behind one port: `port.py` is the language, every other file is one vendor."""
