"""The telephone's part of the control API."""
