"""The telephone: calls, their sound, and who may make them."""
