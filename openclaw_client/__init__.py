"""The OpenClaw Gateway client. Its place is here; its protocol arrives with its own change."""
