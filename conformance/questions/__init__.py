"""All questions, in the order in which they are asked."""

from __future__ import annotations

from conformance.question import Question

from . import creation, enabling, fields, lags, listing, problems, signatures, tokens, updates

QUESTIONS = tuple(
    value
    for module in (tokens, signatures, lags, creation, fields, updates, enabling, listing, problems)
    for value in vars(module).values()
    if isinstance(value, Question)
)
