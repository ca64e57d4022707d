"""Discord as a transport. Its place is here; the bot arrives with its own change."""
