"""OpenAI's Realtime models as what talks in a call; mu-law both ways, so nothing is converted."""
