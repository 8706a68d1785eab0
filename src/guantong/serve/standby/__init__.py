"""A second machine that has the whole log before anybody is told that something was accepted."""
