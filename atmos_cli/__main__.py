"""`python -m atmos_cli` is the same as `atmos`."""

from atmos_cli.entry import main

main()
