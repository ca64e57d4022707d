"""The service: composition, command line, HTTP, speech server."""
