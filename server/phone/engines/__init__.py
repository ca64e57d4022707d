"""What talks in a telephone call."""
