"""Writes demonstrations in HDF5 with h5py, as robomimic and ALOHA do, and prints their numbers.

python hdf5_peer.py robomimic|aloha FILE    a JSON line a vector: channel, episode, step, values
"""

import json
import sys

import h5py
import numpy as np


def robomimic(file):
    data = file.create_group("data")
    data.attrs["env_args"] = json.dumps({"env_name": "Lift", "env_kwargs": {"control_freq": 25}})
    # h5py lists demo_10 before demo_2.
    for n, steps in [(2, 4), (10, 3)]:
        demo = data.create_group(f"demo_{n}")
        demo.attrs["num_samples"] = steps
        demo["actions"] = np.arange(steps * 2).reshape(steps, 2) / 7 - n
        demo.create_dataset("rewards", data=np.arange(steps) / 3, compression="gzip")
        demo["dones"] = np.array([0] * (steps - 1) + [1])
        demo["obs/eef_pos"] = np.arange(steps * 3, dtype=np.float32).reshape(steps, 3) / 7
        demo["obs/image"] = np.zeros((steps, 4, 4, 3), dtype=np.uint8)
        demo["next_obs/eef_pos"] = demo["obs/eef_pos"][:]
        for name in ["actions", "dones", "obs/eef_pos", "rewards"]:
            yield name, n, demo[name][:]


def aloha(file):
    file.attrs["sim"] = True
    file["action"] = np.arange(70, dtype=np.float64).reshape(5, 14) / 9
    file["observations/qpos"] = np.arange(70, dtype=np.float64).reshape(5, 14) / 11
    file["observations/images/top"] = np.zeros((5, 4, 4, 3), dtype=np.uint8)
    for name in ["action", "observations/qpos"]:
        yield name, 0, file[name][:]


with h5py.File(sys.argv[2], "w") as file:
    for name, episode, values in {"robomimic": robomimic, "aloha": aloha}[sys.argv[1]](file):
        for step, row in enumerate(values):
            print(json.dumps([name, episode, step, np.atleast_1d(row).astype(float).tolist()]))
