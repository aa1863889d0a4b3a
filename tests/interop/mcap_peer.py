"""Reads a log with one library and prints what is in it: one JSON line a message, then one with what has no message.

python mcap_peer.py mcap|mcap_ros2|rosbags FILE
"""

import json
import struct
import sys
from dataclasses import fields, is_dataclass
from pathlib import Path


def plain(value):
    """Numbers as the bytes of their float64, so that NaN, infinities and the last bit count; fields in their order."""
    if isinstance(value, str):
        return value
    if isinstance(value, (bool, int)) or hasattr(value, "__float__") and not hasattr(value, "__len__"):
        number = value.item() if hasattr(value, "item") else value
        if isinstance(number, int) and abs(number) > 2**53:
            return str(number)
        return struct.pack(">d", float(number)).hex()
    if is_dataclass(value):
        # Beside the fields of the message: its type, and its constants, which ROS writes in capitals.
        names = [field.name for field in fields(value) if field.name != "__msgtype__" and not field.name.isupper()]
        return [plain(getattr(value, name)) for name in names]
    if hasattr(value, "__slots__") and not hasattr(value, "__len__"):
        return [plain(getattr(value, name)) for name in value.__slots__]
    return [plain(item) for item in value]


def say(**what):
    print(json.dumps(what))


def by_mcap(path):
    from mcap.reader import make_reader

    with open(path, "rb") as stream:
        reader = make_reader(stream, validate_crcs=True)
        summary = reader.get_summary()
        for schema, channel, message in reader.iter_messages(log_time_order=False):
            say(
                topic=channel.topic,
                type=schema.name,
                encoding=channel.message_encoding,
                time=str(message.log_time),
                sequence=message.sequence,
                data=message.data.hex(),
            )
        say(
            profile=reader.get_header().profile,
            count=summary.statistics.message_count,
            chunks=sorted({chunk.compression for chunk in summary.chunk_indexes}),
            metadata={record.name: record.metadata for record in reader.iter_metadata()},
        )


def by_mcap_ros2(path):
    from mcap_ros2.reader import read_ros2_messages

    for item in read_ros2_messages(path, log_time_order=False):
        say(
            topic=item.channel.topic,
            type=item.schema.name,
            time=str(item.log_time_ns),
            message=plain(item.ros_msg),
        )


def by_rosbags(path):
    from rosbags.highlevel import AnyReader

    with AnyReader([Path(path)]) as reader:
        for connection, time, data in reader.messages():
            say(
                topic=connection.topic,
                type=connection.msgtype,
                time=str(time),
                message=plain(reader.deserialize(data, connection.msgtype)),
            )
        say(count=reader.message_count)


{"mcap": by_mcap, "mcap_ros2": by_mcap_ros2, "rosbags": by_rosbags}[sys.argv[1]](sys.argv[2])
