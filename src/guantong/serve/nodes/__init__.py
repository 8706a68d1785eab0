"""How do nodes ask each other over HTTP? The two addresses of a node, and who asks them."""
