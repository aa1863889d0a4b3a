"""The LeRobot datasets that import and export are tested with, by pyarrow and pandas as LeRobot reads and writes them.

python lerobot_peer.py read FOLDER     what LeRobot would load: one JSON object
python lerobot_peer.py write FOLDER    a dataset of 3 episodes, and its numbers as JSON lines: channel, episode, frame, values
"""

import json
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq


def tables(folder):
    return pa.concat_tables([pq.read_table(path) for path in sorted(Path(folder).glob("*/*.parquet"))])


def read(root):
    info = json.loads((root / "meta/info.json").read_text())
    tasks = pd.read_parquet(root / "meta/tasks.parquet")
    data = tables(root / "data")
    episodes = tables(root / "meta/episodes")
    for name, feature in info["features"].items():
        kind = data.schema.field(name).type
        if feature["shape"] != [1]:
            assert pa.types.is_list(kind), (name, kind)
            kind = kind.value_type
        assert kind == {"float32": pa.float32(), "int64": pa.int64()}[feature["dtype"]], (name, kind)
    for row in episodes.to_pylist():
        file = root / info["data_path"].format(chunk_index=row["data/chunk_index"], file_index=row["data/file_index"])
        part = pq.read_table(file, filters=[("episode_index", "=", row["episode_index"])])
        assert part.num_rows == row["length"] == row["dataset_to_index"] - row["dataset_from_index"]
        assert part["index"].to_pylist() == list(range(row["dataset_from_index"], row["dataset_to_index"]))
    stats = json.loads((root / "meta/stats.json").read_text())
    for name, of in stats.items():
        values = np.array(data[name].to_pylist(), dtype=np.float64).reshape(data.num_rows, -1)
        for kind, expected in [("mean", values.mean(0)), ("std", values.std(0)), ("q10", np.quantile(values, 0.1, axis=0))]:
            np.testing.assert_allclose(of[kind], expected, rtol=1e-5, atol=1e-5)
    print(json.dumps({"tasks": {name: int(tasks.loc[name].task_index) for name in tasks.index}, "data": data.to_pylist()}))


def write(root):
    generator = np.random.default_rng(7)
    rows = []
    fps = 50
    tasks = ["lift", "place"]
    for episode, length in enumerate([30, 1, 120]):
        for frame in range(length):
            state, action = (generator.normal(size=n).astype(np.float32) for n in (3, 2))
            rows.append(
                {
                    "observation.state": state.tolist(),
                    "action": action.tolist(),
                    "next.reward": float(np.float32(frame / 3)),
                    "next.done": frame == length - 1,
                    "timestamp": np.float32(frame / fps),
                    "frame_index": frame,
                    "episode_index": episode,
                    "index": len(rows),
                    "task_index": episode % 2,
                }
            )
    lists = {"observation.state": pa.list_(pa.float32(), 3), "action": pa.list_(pa.float32())}
    kinds = {"next.reward": pa.float32(), "timestamp": pa.float32(), "next.done": pa.bool_()}
    schema = pa.schema([(name, lists.get(name) or kinds.get(name) or pa.int64()) for name in rows[0]])
    table = pa.Table.from_pylist(rows, schema=schema)
    # Two files, compressed in two ways.
    for file, part in enumerate([table.slice(0, 31), table.slice(31)]):
        path = root / f"data/chunk-000/file-{file:03d}.parquet"
        path.parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(part, path, compression=["snappy", "zstd"][file], row_group_size=50)
    (root / "meta").mkdir()
    pd.DataFrame({"task_index": range(2)}, index=pd.Index(tasks, name="task")).to_parquet(root / "meta/tasks.parquet")
    one = {"shape": [1], "names": None}
    features = {
        "observation.state": {"dtype": "float32", "shape": [3], "names": ["x", "y", "z"]},
        "action": {"dtype": "float32", "shape": [2], "names": None},
        "next.reward": {"dtype": "float32", **one},
        "next.done": {"dtype": "bool", **one},
        **{name: {"dtype": "int64", **one} for name in ["frame_index", "episode_index", "index", "task_index"]},
    }
    (root / "meta/info.json").write_text(json.dumps({"codebase_version": "v3.0", "fps": fps, "features": features}))
    for row in rows:
        for name in ["observation.state", "action", "next.reward", "next.done"]:
            values = row[name] if isinstance(row[name], list) else [float(row[name])]
            print(json.dumps([name, row["episode_index"], tasks[row["task_index"]], row["frame_index"], values]))


{"read": read, "write": write}[sys.argv[1]](Path(sys.argv[2]))
