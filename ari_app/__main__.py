"""`python -m ari_app`: the command line where no `astreinte` is on PATH."""

from .cli.main import main

if __name__ == "__main__":
    main()
