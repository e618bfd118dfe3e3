"""``python -m integrations.sandbox``."""

from integrations.sandbox.app import main

main()
