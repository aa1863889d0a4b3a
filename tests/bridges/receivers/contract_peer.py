"""Plays a script of the receivers' contract, for comparison with the one in TypeScript.

Reads lines of JSON, each a list of acts; answers each with a line: the outcome of every act. A number that JSON has not is
written {"number": "nan"}.
"""

import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../../../bridges/receivers"))

import contract  # noqa: E402


def plain(v):
    if isinstance(v, dict) and "number" in v:
        return float(v["number"])
    return [plain(x) for x in v] if isinstance(v, list) else v


def play(acts):
    receiver = contract.Receiver(0.1, contract.equilibrium(5000, 500))
    now_s = 0.0
    out = []
    for name, *given in acts:
        args = [plain(x) for x in given]
        said = ""
        if name == "wait":
            now_s += args[0] / 1000.0
            said = receiver.watch(now_s)
        elif name == "receive":
            epoch, seq, lease_ms, values = args
            lease_s = lease_ms / 1000.0 if contract.is_number(lease_ms) else lease_ms
            said = receiver.receive(epoch, seq, lease_s, values, now_s)
        elif name == "stop":
            receiver.stop(*args)
        else:
            receiver.release()
        out.append([said, receiver.status(now_s)])
    return out


for line in sys.stdin:
    print(json.dumps(play(json.loads(line))), flush=True)
