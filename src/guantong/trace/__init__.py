"""Where from, where to, who holds it? Pure functions over the store's door."""
