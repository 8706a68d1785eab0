"""Who and what: firms, places, products and certificates, with their history."""
