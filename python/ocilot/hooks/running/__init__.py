"""Runs hooks: takes questions from the core, calls the scripts within their limits, answers."""
