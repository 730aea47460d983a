"""The client of any OCI registry: one implementation of the protocol, a blocking and an async form of it."""
