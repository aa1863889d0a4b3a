"""A full update of TD3 in PyTorch on the CPU, in the shapes of `reflexarc bench learning --case update`.

    python3 -m venv venv && venv/bin/pip install torch --index-url https://download.pytorch.org/whl/cpu
    venv/bin/python tests/interop/torch_update.py

Prints one JSON object a shape. Batches are made before the clock starts. Without torch it says so and ends with 77, as skipped tests
do; `.ci/run` calls it so, since the wheel is too large to fetch there.
"""

import argparse
import copy
import json
import sys
import time


def asked():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--samples", type=int, default=140, help="pairs of updates that are timed, for each shape")
    parser.add_argument("--threads", type=int, action="append", help="repeatable; 1 and PyTorch's own number without it")
    given = parser.parse_args()
    if given.samples < 1 or any(n < 1 for n in given.threads or ()):
        parser.error("--samples and --threads begin at 1")
    return given


ASKED = asked()
try:
    import torch
    from torch import nn
except ImportError as missing:
    print(f"skipped: {missing}", file=sys.stderr)
    sys.exit(77)

OBSERVATION, ACTION = 9, 4


def mlp(inputs, outputs, hidden, *last):
    sizes = [inputs, *hidden]
    layers = [m for a, b in zip(sizes, sizes[1:]) for m in (nn.Linear(a, b), nn.ReLU())]
    return nn.Sequential(*layers, nn.Linear(sizes[-1], outputs), *last)


class Td3:
    def __init__(self, hidden, batch):
        self.actor = mlp(OBSERVATION, ACTION, hidden, nn.Tanh())
        self.critics = nn.ModuleList(mlp(OBSERVATION + ACTION, 1, hidden) for _ in range(2))
        self.actor_target = copy.deepcopy(self.actor)
        self.critics_target = copy.deepcopy(self.critics)
        self.actor_adam = torch.optim.Adam(self.actor.parameters(), lr=1e-3, foreach=True)
        self.critic_adam = torch.optim.Adam(self.critics.parameters(), lr=1e-3, foreach=True)
        self.s, self.after = torch.randn(batch, OBSERVATION), torch.randn(batch, OBSERVATION)
        self.a, self.r = torch.rand(batch, ACTION) * 2 - 1, torch.randn(batch, 1)
        self.updates = 0

    def update(self):
        with torch.no_grad():
            noise = (torch.randn_like(self.a) * 0.2).clamp(-0.5, 0.5)
            x = torch.cat([self.after, (self.actor_target(self.after) + noise).clamp(-1, 1)], 1)
            y = self.r + 0.99 * torch.min(*(c(x) for c in self.critics_target))
        x = torch.cat([self.s, self.a], 1)
        loss = sum(nn.functional.mse_loss(c(x), y) for c in self.critics)
        self.critic_adam.zero_grad()
        loss.backward()
        self.critic_adam.step()
        self.updates += 1
        if self.updates % 2:
            return
        loss = -self.critics[0](torch.cat([self.s, self.actor(self.s)], 1)).mean()
        self.actor_adam.zero_grad()
        loss.backward()
        self.actor_adam.step()
        with torch.no_grad():
            for target, online in ((self.actor_target, self.actor), (self.critics_target, self.critics)):
                torch._foreach_lerp_(list(target.parameters()), list(online.parameters()), 0.005)


def main():
    for threads in ASKED.threads or (1, torch.get_num_threads()):
        torch.set_num_threads(threads)
        for hidden, batch in (((128, 128), 128), ((256, 256), 256)):
            td3 = Td3(hidden, batch)
            times = []
            for i in range(20 + ASKED.samples):
                at = time.perf_counter()
                td3.update()
                td3.update()
                if i >= 20:
                    times.append((time.perf_counter() - at) / 2 * 1000)
            times.sort()
            row = {
                "case": f"update, {hidden[0]}-{hidden[1]}, batch {batch}",
                "subject": f"torch {torch.__version__}, {threads} thread(s)",
                "unit": "ms",
                "p50": round(times[len(times) // 2], 3),
                "p99": round(times[int(len(times) * 0.99)], 3),
            }
            print(json.dumps(row))


if __name__ == "__main__":
    sys.exit(main())
