"""Keys of the proxy without a database: LiteLLM loads this file and calls it for each request.

A proxy with a database fills in the same fields of each key by itself.
"""

import sys
from hashlib import sha256


async def user_api_key_auth(request, api_key):
    secret = api_key.removeprefix("Bearer ").strip()
    # The record is LiteLLM's own, in whose process this runs: nothing here imports it.
    record = sys.modules["litellm.proxy._types"].UserAPIKeyAuth
    return record(
        api_key=sha256(secret.encode()).hexdigest(),
        user_id=f"user-of-{secret}",
        team_id="team-1",
        key_alias=secret,
    )
