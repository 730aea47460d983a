"""The commands for images on any registry, thin over the public client; none loads an operator's command."""
