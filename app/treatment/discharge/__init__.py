"""Going home: what is asked before it, and what was missing where somebody went all the same."""
