"""The NIMH ketamine crossover trial: public scores of 58 people at five moments (OpenNeuro ds005917, CC0)."""
