"""A telephone call from its first ring to its record; what may be called, for how long, and why."""
