"""How fast it is, beside others: ./dev bench."""
