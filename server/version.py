"""The version of this program."""

from importlib import metadata

try:
    VERSION = metadata.version("openclaw-voice")
except metadata.PackageNotFoundError:  # run from its folder, with only the dependencies installed
    VERSION = "0"
