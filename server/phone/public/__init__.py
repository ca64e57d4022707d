"""The listener that the internet reaches: Twilio's webhooks and media sockets, nothing else."""
