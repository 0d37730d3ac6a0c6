"""`python -m blueprint` is the command `blueprint`."""

from blueprint.cli.app import main

if __name__ == "__main__":
    main()
