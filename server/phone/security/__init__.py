"""Who may do what over the telephone; all of it decided without a socket and without a clock.

The public listener asks, in this order: :mod:`admission` (how many, how much, how slowly),
:mod:`webhook_guard` (is it Twilio, and is it new), :mod:`media_tokens` (is this socket the call's).
The control listener asks :mod:`forwarding` whether a request came from this machine. Calls out ask
:mod:`dialling`, calls in ask :mod:`callers` and :mod:`pins`.
"""
