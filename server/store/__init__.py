"""What the program keeps: turns, guild settings, calls and consent, in one SQLite file."""
