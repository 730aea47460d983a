"""The house keeps its plan: arrows, sizes, headers, and nothing stale."""
