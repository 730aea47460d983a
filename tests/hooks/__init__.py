"""The hook system: loading, running, testing. Without a server."""
