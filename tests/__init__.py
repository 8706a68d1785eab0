"""Tests; a package so that they can share small worlds."""
