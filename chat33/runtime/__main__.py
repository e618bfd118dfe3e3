"""``python -m chat33.runtime run``."""

import argparse
import sys

from chat33.runtime import run

COMMANDS = {"run": run.main}

parser = argparse.ArgumentParser(prog="python -m chat33.runtime", description="Starts and stops Chat33.")
parser.add_argument("command", choices=COMMANDS)
sys.exit(COMMANDS[parser.parse_args().command]())
