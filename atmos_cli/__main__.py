"""`python -m atmos_cli`."""

import sys

# `python -m` looks for modules in the working directory first, and that may be a stranger's checkout.
if not sys.flags.safe_path:
    del sys.path[0]

from atmos_cli.entry import main

main()
