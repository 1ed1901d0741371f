"""The title of a webhook that is made but not finished.

Upvest has no idempotency key for webhooks, and titles are free text. So a webhook is created under a title
that only one resource of one stack can have; the PATCH that enables it sets the real one. A webhook that still
has this title is that resource's own and unfinished, whatever became of the `pulumi up` that made it.
"""

from __future__ import annotations

import hashlib
import re

_CLAIM = re.compile(r"pulumi-[0-9a-f]{16}")


def claim_of(organization: str, project: str, stack: str, parent: str, name: str) -> str:
    """The claim of one resource; `parent` is the parent's URN, empty at the top of the stack.

    23 characters of letters, digits and `-`: within the strictest rule for titles that Upvest documents.
    """
    identity = f"{organization}\0{project}\0{stack}\0{parent}\0{name}"
    return f"pulumi-{hashlib.sha256(identity.encode()).hexdigest()[:16]}"


def is_claim(title: str) -> bool:
    """Whether a webhook with this title is somebody's unfinished work."""
    return _CLAIM.fullmatch(title) is not None
