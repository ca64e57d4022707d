"""What can go wrong with the store."""

from __future__ import annotations


class StoreError(Exception):
    """The store cannot be used; the message says why and what to do."""
