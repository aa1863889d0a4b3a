"""Writes and reads the bags that import is tested with, with ROS 1's own rosbag (Debian: python3-rosbag).

python3 debian_rosbag_peer.py write none|bz2|lz4 FILE   a bag of 60 joint states, 30 forces and 20 commands, in chunks
python3 debian_rosbag_peer.py read FILE                 topic, time and numbers of every message: one JSON line each
"""

import json
import struct
import sys

import genpy
import rosbag
from geometry_msgs.msg import WrenchStamped
from sensor_msgs.msg import JointState
from std_msgs.msg import Float64MultiArray, String

START = 1_700_000_000_123_456_789
STEP = 10_000_001


def when(ns):
    return genpy.Time(ns // 10**9, ns % 10**9)


def write(compression, path):
    with rosbag.Bag(path, "w", compression=compression, chunk_threshold=3000) as bag:
        for i in range(60):
            at = START + STEP * i
            joints = JointState(name=["shoulder", "elbow", "wrist"])
            joints.header.stamp = when(at)
            joints.position = [0.1 * i, -1 / (i + 1), 5e-324]
            joints.effort = [2 * x for x in joints.position]
            bag.write("/joint_states", joints, when(at))
            if i % 2 == 0:
                stamped = WrenchStamped()
                force, torque = stamped.wrench.force, stamped.wrench.torque
                force.x, force.y, force.z = float(i), -0.0, float("nan") if i == 40 else 1e300
                torque.x, torque.y, torque.z = 0.5, 0.25, float(-i)
                bag.write("/wrench", stamped, when(at + 1))
            if i % 3 == 0:
                bag.write("/command", Float64MultiArray(data=[i / 7, i / 11]), when(at + 2))
        bag.write("/said", String("not a number"), when(at + 3))


def vectors(topic, m):
    """As import names them, from the message that rosbag gives back."""
    if topic == "/joint_states":
        return {"/joint_states.position": m.position, "/joint_states.effort": m.effort}
    if topic == "/wrench":
        force, torque = m.wrench.force, m.wrench.torque
        return {
            "/wrench.wrench.force": [force.x, force.y, force.z],
            "/wrench.wrench.torque": [torque.x, torque.y, torque.z],
        }
    return {"/command": m.data} if topic == "/command" else {}


def read(path):
    with rosbag.Bag(path) as bag:
        for topic, message, time in bag.read_messages():
            channels = [
                [name, [struct.pack(">d", x).hex() for x in values]] for name, values in vectors(topic, message).items()
            ]
            print(json.dumps({"time": str(time.to_nsec()), "channels": channels}))


if sys.argv[1] == "write":
    write(sys.argv[2], sys.argv[3])
else:
    read(sys.argv[2])
