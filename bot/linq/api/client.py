"""Linq's own SDK, set up so that it does exactly what it is asked to, once."""

import httpx
import linq

CONNECT_S = 5.0
ANSWER_S = 30.0
KEEPALIVE_S = 10.0
CONNECTIONS = 1000


def open_api(api_key: str, base_url: str, *, answer_s: float = ANSWER_S) -> linq.AsyncLinqAPIV3:
    """Linq's SDK over its aiohttp client. Close it when done: ``await api.close()``.

    It needs a running event loop only once it is called.
    """
    timeout = httpx.Timeout(answer_s, connect=CONNECT_S, pool=CONNECT_S)
    http_client = linq.DefaultAioHttpClient(
        timeout=timeout,
        # A redirect would take the API key, or a message, to an address that nobody configured.
        follow_redirects=False,
        # A proxy from the environment would read every message; and ~/.netrc would replace our key.
        trust_env=False,
        limits=httpx.Limits(
            # A burst of rooms must not wait for free connections (the SDK's default is 100).
            max_connections=CONNECTIONS,
            # A connection kept too long is closed by the other side just as a send goes out on it, and then nobody
            # knows whether that arrived: so we close it first.
            keepalive_expiry=KEEPALIVE_S,
        ),
    )
    return linq.AsyncLinqAPIV3(
        api_key=api_key,
        base_url=base_url,
        webhook_secret="",  # else it is read from the environment; webhooks are checked by ``inbound.signature``
        max_retries=0,  # the SDK repeats a POST that timed out: several voice memos on somebody's phone
        timeout=timeout,
        http_client=http_client,
    )
