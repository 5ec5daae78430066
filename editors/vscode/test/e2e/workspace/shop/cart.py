"""What a customer is going to buy."""


class Cart:
    """Items and their numbers."""

    def __init__(self):
        self.items = {}

    def add_item(self, item, number=1):
        """Put `number` pieces of an item into the cart."""
        self.items[item] = self.items.get(item, 0) + number

    def total_price(self, price_list):
        """Sum of all items' prices, discounts left out."""
        return sum(price_list[item] * number for item, number in self.items.items())
