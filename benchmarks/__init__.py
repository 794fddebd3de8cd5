"""How fast Seriatim is beside the least that could do the same work. `python -m benchmarks` runs it."""
