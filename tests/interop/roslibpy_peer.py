"""A stock roslibpy client that does what its users do, against our rosbridge server.

    python roslibpy_peer.py PORT

Each step prints one line of JSON, {"step": name, "value": what came of it}; roslibpy.test.ts compares them. Lines on
stdin let it go on where the test has something to do first. roslibpy 2 reads JSON only: what it cannot cover are cbor,
cbor-raw, png and fragments, and the status messages, for which it has no handler.
"""

import json
import sys
import threading

import roslibpy

WAIT_S = 20


def say(step, value):
    print(json.dumps({"step": step, "value": value}), flush=True)


def go_on():
    sys.stdin.readline()


class Heard:
    """The messages of a topic, and a way to wait for one."""

    def __init__(self):
        self.all = []
        self._more = threading.Condition()

    def __call__(self, message):
        with self._more:
            self.all.append(message)
            self._more.notify_all()

    def wait(self, found):
        with self._more:
            self._more.wait_for(lambda: any(found(m) for m in self.all), WAIT_S)
        return next((m for m in self.all if found(m)), None)


def main(port):
    ros = roslibpy.Ros("127.0.0.1", port)
    ros.run(timeout=WAIT_S)
    say("connected", ros.is_connected)

    state = roslibpy.Topic(ros, "/joint_states", "sensor_msgs/JointState", queue_length=1)
    heard = Heard()
    state.subscribe(heard)
    first = heard.wait(lambda m: True)
    say("subscribe", {"name": first["name"], "position": first["position"]})

    mode = roslibpy.Topic(ros, "/mode", "std_msgs/String")
    modes = Heard()
    mode.subscribe(modes)
    say("latched", modes.wait(lambda m: True))

    chatter = roslibpy.Topic(ros, "/chatter", "std_msgs/String")
    echo = roslibpy.Topic(ros, "/chatter", "std_msgs/String")
    echoed = Heard()
    echo.subscribe(echoed)
    chatter.advertise()
    chatter.publish(roslibpy.Message({"data": "hello from Python"}))
    say("publish", echoed.wait(lambda m: True))

    header = roslibpy.Topic(ros, "/header", "std_msgs/Header")
    stamps = Heard()
    header.subscribe(stamps)
    header.publish(roslibpy.Header(seq=3, stamp=roslibpy.Time(1, 2), frame_id="of ROS 1"))
    say("stamp of ROS 1", stamps.wait(lambda m: True))

    add = roslibpy.Service(ros, "/add", "reflexarc_msgs/Add")
    say("service", dict(add.call(roslibpy.ServiceRequest({"a": 2, "b": 3}), timeout=WAIT_S)))
    try:
        roslibpy.Service(ros, "/none", "std_srvs/Trigger").call(roslibpy.ServiceRequest({}), timeout=WAIT_S)
        say("no such service", "answered")
    except Exception as error:
        say("no such service", str(error))

    def grip(request, response):
        response["success"] = request["data"]
        response["message"] = "gripped in Python"
        return True

    offered = roslibpy.Service(ros, "/grip", "std_srvs/SetBool")
    offered.advertise(grip)
    say("offering", "/grip")
    go_on()
    offered.unadvertise()

    param = roslibpy.Param(ros, "/gains")
    param.set({"p": 1.5}, timeout=WAIT_S)
    say("param", param.get(timeout=WAIT_S))
    say("params", ros.get_params())
    param.delete(timeout=WAIT_S)
    say("params left", ros.get_params())

    say("topics", ros.get_topics()["topics"] if isinstance(ros.get_topics(), dict) else ros.get_topics())
    say("topic type", ros.get_topic_type("/joint_states"))
    say("topics for type", ros.get_topics_for_type("sensor_msgs/JointState"))
    say("services", [s for s in ros.get_services() if not s.startswith("/rosapi/")])
    say("service type", ros.get_service_type("/add"))
    say("nodes", ros.get_nodes())
    say("node details", ros.get_node_details("/client_1"))
    details = ros.get_message_details("sensor_msgs/JointState")
    say("message details", details["typedefs"][0]["fieldnames"])
    time = roslibpy.Service(ros, "/rosapi/get_time", "rosapi/GetTime").call(roslibpy.ServiceRequest({}), timeout=WAIT_S)
    say("time", sorted(time["time"].keys()))

    results = Heard()
    feedback = Heard()
    action = roslibpy.ActionClient(ros, "/count", "x/Count")
    action.send_goal(roslibpy.Goal({"to": 2}), results, feedback, results)
    result = results.wait(lambda m: True)
    say("action", {"values": result["values"], "status": result["status"].name, "feedback": [dict(f) for f in feedback.all]})

    before = len(heard.all)
    say("before the cut", before > 0)
    go_on()
    after = heard.wait(lambda m: m["position"] == [99])
    say("subscribed again", after is not None and after["position"])
    known = Heard()
    for _ in range(100):
        chatter.publish(roslibpy.Message({"data": "after the cut"}))
        if modes.wait(lambda m: m["data"] == "heard"):
            break
    say("advertised again", modes.all[-1])
    ros.terminate()


if __name__ == "__main__":
    main(int(sys.argv[1]))
