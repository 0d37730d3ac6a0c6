"""Recipes and what carries them out: optimiser, schedule, engine, the run directory, evaluation."""
