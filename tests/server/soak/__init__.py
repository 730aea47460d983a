"""Random traffic with kills beside the garbage collection, compared with a model: `./dev soak`."""
