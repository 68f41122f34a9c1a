"""``python -m surefoot``."""

import sys

from surefoot.cli import main

code = main()
# After a Ctrl-C while text was being executed, as dataclasses do when they are imported, CPython
# ends a `python -m` by SIGINT whatever it is told to return; executing more text makes it forget
# (run_eval_code_obj in Python/pythonrun.c).
exec("")  # noqa: S102 - there is nothing in it
sys.exit(code)
