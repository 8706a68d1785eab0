"""Programs that make committed files from other files; no part of the product."""
