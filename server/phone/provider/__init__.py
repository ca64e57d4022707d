"""Twilio as whom we ask to dial, to hang up, and how a call stands."""
