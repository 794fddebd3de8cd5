"""Questionnaires and ratings: what was answered, when in relation to a dose, and the score."""
