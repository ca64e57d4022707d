"""The first set-up: finds out what is missing, asks for it, and writes ``.env``."""
