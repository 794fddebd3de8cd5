"""Pregnancy, delivery, breast-feeding, contraception: dated facts, and what they say of a day."""
