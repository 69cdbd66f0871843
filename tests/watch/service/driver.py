"""Runs a service as its own process: the settings come as JSON in the first argument."""

import json
import os
import sys
import time

import msgspec

from hydrometer.watch.service.run import serve
from hydrometer.watch.service.setup import Setup
from hydrometer.watch.service.tokens import load_tokens

if __name__ == "__main__":  # pytest looks into every module for examples
    told = json.loads(sys.argv[1])
    more = {"command": told["command"]} if "command" in told else {}
    serve(
        msgspec.convert(told["setup"], Setup),
        load_tokens(None, None, os.environ),
        host="127.0.0.1",
        port=told["port"],
        clock=lambda: time.time_ns() // 1000,
        environment=os.environ,
        say=lambda line: print(line, file=sys.stderr, flush=True),
        **more,
    )
