"""``python -m guantong`` is the same as ``guantong``."""

from guantong.serve.cli import main

if __name__ == "__main__":
    main()
