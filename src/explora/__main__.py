"""`python -m explora` is the command line."""

import sys

from explora.cli import main

sys.exit(main())
