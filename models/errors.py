"""Why a model's files cannot be had.

ModelError
├── UnknownModelError       no such name in the catalogue
├── NotCachedError          not on this machine, and downloads are off
├── UnreachableError        the hub, or the package index, does not answer
├── GatedError              the hub wants an account that accepted the licence
├── MissingUpstreamError    the hub has no such repository, revision or file
├── ChecksumError           what came is not what the catalogue describes; it was deleted
└── DownloadError           anything else that broke a transfer: disk, server, proxy
"""

from __future__ import annotations


class ModelError(Exception):
    """A model's files cannot be had; the message says why and what to do."""


class UnknownModelError(ModelError):
    """The catalogue has no model of that name."""


class NotCachedError(ModelError):
    """The files are not on this machine, and fetching them was not allowed."""


class UnreachableError(ModelError):
    """Nothing answers where the files could be fetched."""


class GatedError(ModelError):
    """The hub gives the files only to accounts that accepted their licence."""


class MissingUpstreamError(ModelError):
    """The hub, or the wheel, has no such files."""


class ChecksumError(ModelError):
    """The fetched file is not the one the catalogue describes; it was deleted."""


class DownloadError(ModelError):
    """The transfer broke for another reason."""
