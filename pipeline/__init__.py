"""Conversation by voice: hearing, turn taking, recognition, relevance, the agent, speech.

Knows no transport and no gateway: those are Protocols in :mod:`pipeline.interfaces`.
"""
