"""`python -m codegen`: see `codegen.command`."""

import sys

from codegen.command import main

if __name__ == "__main__":
    sys.exit(main())
