"""Runs hooks: reads questions of the core, calls the scripts within their limits, and answers."""
