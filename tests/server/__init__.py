"""The real server, asked by the real programs that people use."""
