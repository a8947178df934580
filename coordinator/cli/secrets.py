"""Print fresh secrets: `python -m coordinator.cli.secrets`. Needs no running installation."""

from __future__ import annotations

import sys

from coordinator.settings import new_secrets


def main() -> None:
    """Write one NAME=value line for each secret an installation needs."""
    sys.stdout.write("".join(f"{name}={value}\n" for name, value in new_secrets().items()))


if __name__ == "__main__":
    main()
