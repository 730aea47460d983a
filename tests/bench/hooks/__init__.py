"""Hooks that are measured, and how they are asked without HTTP."""
