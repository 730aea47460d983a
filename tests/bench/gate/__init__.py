"""Counts what a request costs where times are noise, and holds it to a budget: ./dev bench --gate."""
