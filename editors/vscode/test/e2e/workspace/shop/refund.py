"""Gives money back."""

from shop.cart import Cart


def refund(cart: Cart, card, price_list):
    """Give the customer the money back."""
