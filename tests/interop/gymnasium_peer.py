"""What Gymnasium itself makes of an episode that ours has played.

Reads lines of JSON, {"id": the environment's id, "states": positions and velocities to begin at, "actions": in Gymnasium's own
units, "follow": whether each step begins at its own given state}; answers each with {"observations", "rewards", "terminated"}.
"""

import json
import sys

import gymnasium
import numpy


def begin(env, state):
    env = env.unwrapped
    if hasattr(env, "set_state"):
        n = env.model.nq
        env.set_state(numpy.array(state[:n]), numpy.array(state[n:]))
    else:
        env.state = numpy.array(state)


def main():
    for line in sys.stdin:
        asked = json.loads(line)
        env = gymnasium.make(asked["id"], disable_env_checker=True)
        env.reset(seed=0)
        begin(env, asked["states"][0])
        answer = {"observations": [], "rewards": [], "terminated": []}
        for i, action in enumerate(asked["actions"]):
            if asked["follow"]:
                begin(env, asked["states"][i])
            observation, reward, terminated, _, _ = env.step(numpy.array(action))
            answer["observations"].append([float(v) for v in observation])
            answer["rewards"].append(float(reward))
            answer["terminated"].append(bool(terminated))
        print(json.dumps(answer), flush=True)


main()
