"""What each client says to a registry and what it needs to hear, request by request.

The clients themselves are not needed: their words are written down here as they send them.
"""
