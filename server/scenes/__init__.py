"""Scenes: conversations with a known truth, played through the pipeline and scored."""
