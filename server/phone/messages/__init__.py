"""Messages that callers leave, and calls that did not reach the agent."""
