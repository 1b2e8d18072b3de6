"""``python -m tests.crash``"""

import argparse
import asyncio
import json

from tests.crash.campaigns import run

p = argparse.ArgumentParser()
p.add_argument("kind")
p.add_argument("--seed", default="1")
p.add_argument("--kills", type=int, default=5)
a = p.parse_args()
t = asyncio.run(run(a.kind, a.seed, a.kills))
print(json.dumps(t.shown(), indent=1))
