"""All limits of this package, each with its reason. Times are in seconds."""

CONNECT_TIMEOUT = 5.0
"""To open a connection: three SYN retransmissions fit in."""

ANSWER_TIMEOUT = 10.0
"""For an answer: what Upvest's own JavaScript example waits (its proxy waits 30 s, but Pulumi cannot
interrupt a request, so a Ctrl-C waits this long)."""

TEST_TIMEOUT = 40.0
"""For the answer to a test call: Upvest calls the receiver before it answers; its time-out is not documented,
and 30 s is what its own proxy allows a request."""

CONNECTIONS = 4
"""Pulumi's dynamic provider process runs at most four calls at once."""

ANSWER_BYTES = 16 * 1024 * 1024
"""A page of 1,000 webhooks with URLs of 1,000 characters is under 3 MB."""

ATTEMPTS = 5
"""Of one request, the first included."""

BACKOFF_FIRST = 0.5
BACKOFF_CEILING = 8.0
"""Exponential with full jitter: at most 0.5, 1, 2 and 4 s between five attempts; Upvest's advice for 429 and
504 is 'exponential backoff', without figures."""

RETRY_AFTER_CEILING = 30.0
"""A `Retry-After` is honoured up to here; a longer one would look like a hang."""

SIGNATURE_LIFETIME = 60
"""From `created` to `expires`: what Upvest's own proxy and Java example use. It is also the clock skew that a
request survives."""

CLOCK_SKEW = 30.0
"""A clock that is off by more is named as the cause of a 401: half of a signature's life, for how much Upvest
tolerates is not documented."""

TOKEN_MARGIN = 30.0
"""A token is renewed this long before `expires_in` ends, so that none expires on its way."""

PAGE = 1000
"""Webhooks a page: the API's maximum."""

LIST_AGE = 10.0
"""A list of the account's webhooks is shared for this long; long enough for one wave of a `pulumi up`."""

NEWBORN = 5.0
"""A webhook younger than this is not believed to be gone: a read may lag behind the write."""

CREATE_ATTEMPTS = 3
"""How often a creation whose outcome is unclear is tried, with a look at the list before each."""

TITLE_LENGTH = 100
"""Characters of a title (specification 1.9.0; newer ones say 32, see `TITLE_PATTERN`)."""

TITLE_PATTERN = r"[a-zA-Z0-9 ()\[\]{}.-]{1,32}"
"""Upvest's newest rule for a title (specification of July 2026). The release notes are silent about it, so
it is only warned of."""

URL_LENGTH = 1000
"""Characters of a URL (specification 1.9.0 and newer)."""

DELAY_PATTERN = r"([1-9]|[12][0-9]|30)s"
"""1s to 30s (specification of July 2026; older ones allowed minutes)."""

PACKAGE_SIZE_MIN = 100
PACKAGE_SIZE_MAX = 1_048_576
"""Bytes of `max_package_size` (specification 1.9.0 and newer)."""
