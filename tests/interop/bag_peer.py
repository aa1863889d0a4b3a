"""Writes and reads the bags that import is tested with, with the library `rosbags`.

python bag_peer.py write none|bz2|lz4 FILE    a ROS 1 bag of 60 joint states, 30 forces and 20 commands
python bag_peer.py write2 sqlite3|mcap FOLDER the same as a ROS 2 bag
python bag_peer.py read FILE                  topic, time and numbers of every message: one JSON line each
"""

import json
import struct
import sys
from pathlib import Path

import numpy as np
from rosbags.highlevel import AnyReader
from rosbags.rosbag1 import Writer
from rosbags.rosbag2 import StoragePlugin
from rosbags.rosbag2 import Writer as Writer2
from rosbags.typesys import Stores, get_typestore

START = 1_700_000_000_123_456_789
STEP = 10_000_001
JOINTS = ["shoulder", "elbow", "wrist"]


def write(compression, path):
    store = get_typestore(Stores.ROS1_NOETIC)
    writer = Writer(path)
    if compression != "none":
        writer.set_compression(Writer.CompressionFormat[compression.upper()])
    # Three chunks or more, so that a cut leaves some of them.
    writer.chunk_threshold = 3000
    fill(writer, store, store.serialize_ros1, lambda i: {"seq": i})


def write2(storage, path):
    store = get_typestore(Stores.ROS2_HUMBLE)
    writer = Writer2(path, version=9, storage_plugin=StoragePlugin[storage.upper()])
    fill(writer, store, store.serialize_cdr, lambda _: {})


def fill(writer, store, serialize, sequence):
    types = store.types
    header = types["std_msgs/msg/Header"]
    time = types["builtin_interfaces/msg/Time"]
    vector = types["geometry_msgs/msg/Vector3"]
    joint_state = types["sensor_msgs/msg/JointState"]
    wrench = types["geometry_msgs/msg/Wrench"]
    stamped = types["geometry_msgs/msg/WrenchStamped"]
    array = types["std_msgs/msg/Float64MultiArray"]
    layout = types["std_msgs/msg/MultiArrayLayout"]
    text = types["std_msgs/msg/String"]
    with writer:
        to = {
            topic: (writer.add_connection(topic, kind.__msgtype__, typestore=store), kind.__msgtype__)
            for topic, kind in [("/joint_states", joint_state), ("/wrench", stamped), ("/command", array), ("/said", text)]
        }

        def put(topic, at, message):
            connection, kind = to[topic]
            writer.write(connection, at, serialize(message, kind))

        for i in range(60):
            at = START + STEP * i
            head = header(**sequence(i), stamp=time(sec=at // 10**9, nanosec=at % 10**9), frame_id="base")
            position = np.array([0.1 * i, -1 / (i + 1), 5e-324])
            put("/joint_states", at, joint_state(head, JOINTS, position, np.array([]), position * 2))
            if i % 2 == 0:
                force = vector(x=float(i), y=-0.0, z=float("nan") if i == 40 else 1e300)
                put("/wrench", at + 1, stamped(head, wrench(force, vector(x=0.5, y=0.25, z=float(-i)))))
            if i % 3 == 0:
                put("/command", at + 2, array(layout(dim=[], data_offset=0), np.array([i / 7, i / 11])))
        put("/said", at + 3, text("not a number"))


def numbers(value, path, out):
    """Numbers below one another as import has them: [path, [bytes of each as float64]]."""
    scalars = []
    for name in value.__dataclass_fields__:
        if name in ("header", "layout") or name.startswith("__"):
            continue
        field = getattr(value, name)
        at = f"{path}.{name}"
        if isinstance(field, (int, float)):
            scalars.append(float(field))
        elif isinstance(field, np.ndarray) and len(field):
            out.append([path if name == "data" else at, [struct.pack(">d", x).hex() for x in field]])
        elif hasattr(field, "__dataclass_fields__"):
            numbers(field, at, out)
    if scalars:
        out.insert(0, [path, [struct.pack(">d", x).hex() for x in scalars]])
    return out


def read(path):
    with AnyReader([Path(path)]) as reader:
        for connection, time, data in reader.messages():
            message = reader.deserialize(data, connection.msgtype)
            print(json.dumps({"time": str(time), "channels": numbers(message, connection.topic, [])}))


if sys.argv[1] == "write":
    write(sys.argv[2], Path(sys.argv[3]))
elif sys.argv[1] == "write2":
    write2(sys.argv[2], Path(sys.argv[3]))
else:
    read(sys.argv[2])
