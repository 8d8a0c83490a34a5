"""The command line: everything the app shows can be had without it.

Errors of ours become one sentence on stderr and exit status 2. With `--json`, stdout carries one
JSON document and nothing else.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Sequence

from llador_core.cli import parser
from llador_core.cli.output import Arguments
from llador_core.errors import LladorError


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status: 0, or 2 with a sentence on stderr."""
    arguments = parser(__doc__).parse_args(argv)
    logging.basicConfig(format="%(message)s", level=logging.WARNING, stream=sys.stderr)
    run: Callable[[Arguments], None] = arguments.run
    try:
        run(arguments)
    except LladorError as error:
        print(f"llador: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("llador: interrupted; repeat the command with --resume to go on.", file=sys.stderr)
        return 130
    except BrokenPipeError:
        sys.stderr.close()  # the reader has gone, as in `... | head`
    return 0


if __name__ == "__main__":
    sys.exit(main())
