"""The sound of a phone call, both ways: Twilio's frames, mu-law, playing and recording."""
