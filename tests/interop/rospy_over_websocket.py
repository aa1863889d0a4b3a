"""Runs a node that is written for rospy against a rosbridge server, where no ROS is installed.

    python rospy_over_websocket.py PORT NODE.py _name:=value ...

What the node imports is made here on roslibpy: just as much of rospy as the reference receiver uses. Messages are objects
with the fields that came. What it cannot show: rospy's own types and threads; rospy.test.ts has those.
"""

import os
import runpy
import signal
import sys
import threading
import time
import types

import roslibpy


class Message:
    """A message by its fields, nested ones too."""

    def __init__(self, **fields):
        for name, value in fields.items():
            setattr(self, name, Message(**value) if isinstance(value, dict) else value)

    def plain(self):
        return {name: value.plain() if isinstance(value, Message) else value for name, value in vars(self).items()}


def message_class(name):
    header = {"stamp": {"sec": 0, "nanosec": 0}, "frame_id": ""}
    has_header = name.endswith("RobotStatus")

    class Typed(Message):
        _type = name

        def __init__(self, **fields):
            super().__init__(**({"header": header, **fields} if has_header else fields))

    return Typed


def module(name, **members):
    made = types.ModuleType(name)
    for key, value in members.items():
        setattr(made, key, value)
    sys.modules[name] = made
    return made


def main(port, node, *args):
    ros = roslibpy.Ros("127.0.0.1", int(port))
    ros.run(timeout=20)
    params = dict(arg[1:].split(":=", 1) for arg in args)
    ending = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: ending.set())

    def topic(name, cls, **options):
        return roslibpy.Topic(ros, name, cls._type, **options)

    class Publisher:
        def __init__(self, name, cls, queue_size=1, latch=False):
            self._topic = topic(name, cls, latch=latch)
            self._topic.advertise()

        def publish(self, message):
            self._topic.publish(roslibpy.Message(message.plain()))

    class Subscriber:
        def __init__(self, name, cls, callback, queue_size=1, tcp_nodelay=False):
            topic(name, cls, queue_length=queue_size).subscribe(lambda fields: callback(Message(**fields)))

    class Service:
        def __init__(self, name, cls, handler):
            def answer(request, response):
                response.update(handler(Message(**request)).plain())
                return True

            roslibpy.Service(ros, name.replace("~", "/reflexarc_receiver/"), cls._type).advertise(answer)

    module(
        "rospy",
        init_node=lambda name: None,
        get_param=lambda name, default: params.get(name[1:], default),
        Publisher=Publisher,
        Subscriber=Subscriber,
        Service=Service,
        Time=types.SimpleNamespace(now=lambda: Message(sec=int(time.time()), nanosec=0)),
        is_shutdown=ending.is_set,
        logwarn=lambda text, *args: print(text % args, file=sys.stderr, flush=True),
        logfatal=lambda text, *args: print(text % args, file=sys.stderr, flush=True),
    )
    module("roslib")
    module("roslib.message", get_message_class=message_class)
    sys.modules["roslib"].message = sys.modules["roslib.message"]
    for package, names in {
        "geometry_msgs": ["PoseStamped"],
        "std_msgs": ["String", "UInt64MultiArray"],
    }.items():
        module(package)
        module(package + ".msg", **{name: message_class(package + "/" + name) for name in names})
    module("std_srvs")
    module("std_srvs.srv", Trigger=message_class("std_srvs/Trigger"), TriggerResponse=message_class("std_srvs/TriggerResponse"))
    sys.path.insert(0, os.path.dirname(os.path.abspath(node)))
    sys.argv = [node]
    try:
        runpy.run_path(node, run_name="__main__")
    finally:
        ros.terminate()


if __name__ == "__main__":
    main(*sys.argv[1:])
