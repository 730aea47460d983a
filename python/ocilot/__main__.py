"""`python -m ocilot` is the `ocilot` command."""

from ocilot.cli import main

main()
