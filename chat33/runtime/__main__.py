"""``python -m chat33.runtime run | exec <name> | healthy``."""

import argparse
import os
import sys

from chat33.runtime import procfile, run
from chat33.runtime.errors import StartupError
from chat33.runtime.health import is_alive
from chat33.runtime.ports import chosen_port


def main() -> int:
    """The exit status; ``exec`` does not come back."""
    parser = argparse.ArgumentParser(prog="python -m chat33.runtime", description="Starts and stops Chat33.")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("run", help="everything, in the foreground, until Ctrl-C or SIGTERM")
    commands.add_parser("exec", help="become one process of the Procfile").add_argument("name")
    commands.add_parser("healthy", help="exit with 0 if the web server here answers, else with 1")
    given = parser.parse_args()
    if given.command == "run":
        return run.main()
    try:
        if given.command == "exec":
            procfile.replace_process(given.name, os.environ)
        alive = is_alive(chosen_port(os.environ), os.environ)
    except StartupError as error:
        print(f"chat33: {error}", file=sys.stderr)
        return 1
    return 0 if alive else 1


if __name__ == "__main__":
    sys.exit(main())
