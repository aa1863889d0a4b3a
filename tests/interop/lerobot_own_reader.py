"""LeRobot's own dataset class, on datasets that our export writes, and on one that it writes itself for our import.

python lerobot_own_reader.py read FOLDER     what LeRobotDataset gives: one JSON object
python lerobot_own_reader.py write FOLDER    a dataset of 3 episodes by LeRobotDataset.create, and its numbers as JSON lines:
                                             channel, episode, task, frame, values

Nothing is fetched: `root` is a folder, and the hub is told to be offline.
"""

import json
import os
import sys
from pathlib import Path

os.environ["HF_HUB_OFFLINE"] = os.environ["HF_DATASETS_OFFLINE"] = "1"

import numpy as np
import torch
from lerobot.datasets.lerobot_dataset import LeRobotDataset

NAME = "reflexarc/test"


def plain(value):
    return value.tolist() if isinstance(value, torch.Tensor) else value


def read(root):
    dataset = LeRobotDataset(NAME, root=root)
    names = [name for name in dataset.features if name not in ("timestamp", "frame_index", "episode_index", "index", "task_index")]
    step = 1 / dataset.fps
    # As policies are trained: the next two frames of each number at once, padded at the end of an episode, in shuffled batches.
    ahead = LeRobotDataset(NAME, root=root, delta_timestamps={name: [0, step, 2 * step] for name in names})
    seen = 0
    for batch in torch.utils.data.DataLoader(ahead, batch_size=16, shuffle=True):
        for k, index in enumerate(batch["index"].tolist()):
            seen += 1
            for name in names:
                for j in range(3):
                    if not batch[f"{name}_is_pad"][k][j]:
                        there = dataset[index + j]
                        assert there["episode_index"] == batch["episode_index"][k]
                        assert torch.equal(batch[name][k][j].flatten(), there[name].flatten())
    last = LeRobotDataset(NAME, root=root, episodes=[dataset.num_episodes - 1])
    print(
        json.dumps(
            {
                **{"frames": len(dataset), "episodes": dataset.num_episodes, "fps": dataset.fps, "batched": seen},
                **{"tasks": list(dataset.meta.tasks.index), "last": len(last), "robot": dataset.meta.robot_type},
                "stats": {name: {kind: plain(torch.as_tensor(v)) for kind, v in of.items()} for name, of in dataset.meta.stats.items()},
                "data": [{name: plain(value) for name, value in dataset[i].items()} for i in range(len(dataset))],
            }
        )
    )


def write(root):
    one = {"dtype": "float32", "shape": (1,), "names": None}
    features = {
        "observation.state": {"dtype": "float32", "shape": (3,), "names": ["x", "y", "z"]},
        "action": {"dtype": "float32", "shape": (2,), "names": ["u", "v"]},
        "next.reward": one,
    }
    dataset = LeRobotDataset.create(NAME, fps=50, features=features, root=root, robot_type="arm", use_videos=False)
    generator = np.random.default_rng(7)
    for episode, length in enumerate([30, 2, 60]):
        task = ["lift", "place"][episode % 2]
        for frame in range(length):
            row = {name: generator.normal(size=of["shape"]).astype(np.float32) for name, of in features.items()}
            dataset.add_frame({**row, "task": task})
            for name, values in row.items():
                print(json.dumps([name, episode, task, frame, values.tolist()]))
        dataset.save_episode()
    dataset.finalize()


{"read": read, "write": write}[sys.argv[1]](Path(sys.argv[2]))
