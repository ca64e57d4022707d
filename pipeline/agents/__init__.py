"""Agents that need no gateway, behind :class:`pipeline.interfaces.Agent`."""
