"""How does somebody outside learn of what happened here? Letters to addresses of their own."""
