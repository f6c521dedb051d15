"""``python -m workbench.federation.site_process``: one site's gateway as a process of its own, one message a line.

Requests come on standard input, replies leave on standard output, and nothing else does: whatever the libraries below
print goes to standard error. The process ends when standard input does.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from typing import BinaryIO

from workbench.disclosure import Policy
from workbench.federation.messages import MAX_BYTES
from workbench.federation.site import Site

TICK_SECONDS = 0.1  # replies leave at multiples of it, so that their time does not tell an answer from a refusal


def serve(site: Site, requests: BinaryIO, replies: BinaryIO) -> None:
    """Answer line by line until there are no more."""
    while line := requests.readline(MAX_BYTES + 2):
        began = time.monotonic()
        reply = site.answer(line.rstrip(b"\n"))
        time.sleep(TICK_SECONDS - (time.monotonic() - began) % TICK_SECONDS)
        replies.write(reply + b"\n")
        replies.flush()


def main() -> None:
    """Serve the site that the command line names."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--site", required=True)
    parser.add_argument("--catalog", required=True)
    parser.add_argument("--policy", default="{}", help="Thresholds that are stricter than the default, as JSON.")
    given = parser.parse_args()
    # The channel of replies is kept, and file descriptor 1 becomes standard error: a print anywhere cannot be taken for a reply.
    replies = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    policy = Policy.load().tightened(**json.loads(given.policy))
    serve(Site(given.site, given.catalog, policy), sys.stdin.buffer, replies)


if __name__ == "__main__":
    main()
