"""The outside: command line, HTTP, pages, and the one writer. Only here are HTTP and exit codes known."""
