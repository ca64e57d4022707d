"""The OpenClaw Gateway as the service uses it: as an agent, as a part, as a check of ``doctor``."""
