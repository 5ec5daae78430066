"""Charges for what is in a cart."""

from shop.cart import Cart


def pay_by_card(cart: Cart, card, price_list):
    """Charge a credit card with the cart's total."""
    amount = cart.total_price(price_list)
    card.charge(amount)
    return amount


def pay_by_invoice(cart: Cart, customer, price_list):
    """Send an invoice by mail."""
    amount = cart.total_price(price_list)
    customer.send_invoice(amount)
    return amount
