"""Makes the scenes that ``bench scenes`` is run on: ``python -m benchmarks.scenes``.

What a scene counts for depends on its voices. Human recordings have the true
timing of speech, so they count for the end of turns; who says what in them is
scripted. The test fixture understands only synthesized speech, so that counts
for words and addressing, and never for the end of turns. The recordings are
not part of this project: a folder holds them with a ``manifest.json``.
"""
