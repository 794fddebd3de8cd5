"""Weights, with the orders and doses that rest on them."""
