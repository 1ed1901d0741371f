"""Answers as bytes."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from starlette.background import BackgroundTask
from starlette.responses import JSONResponse, Response

if TYPE_CHECKING:
    from .exchange import Answer


async def response_to(answer: Answer, request_id: str) -> Response:
    """An answer of Upvest's, ready to be sent."""
    document = await asyncio.to_thread(answer.later) if answer.later else answer.document
    headers = {**answer.headers, "upvest-request-id": request_id}
    afterwards = BackgroundTask(answer.afterwards) if answer.afterwards else None
    if document is None:
        return Response(status_code=answer.status, headers=headers, background=afterwards)
    return JSONResponse(document, answer.status, headers, background=afterwards)
