"""`python -m greenops` is `greenops`."""

from greenops.cli import main

if __name__ == "__main__":
    main()
