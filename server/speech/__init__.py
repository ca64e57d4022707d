"""Our own OpenAI-compatible speech server, a process of its own.

Only :mod:`server.speech.config` and :mod:`server.speech.child` are for other
processes; the rest loads the engine.
"""
