"""`python -m safe_edge` is the same as the `host_tools` script."""

import sys

from safe_edge.command import main

sys.exit(main())
