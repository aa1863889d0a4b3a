"""A robot in a ROS 2 graph, behind a rosbridge server and our receiver. rosbridge-rs.test.ts compares what it says.

    python3 rosbridge_rs_peer.py

Each step prints a line of JSON, {"step": name, "value": what came of it}; a line on standard input is a service to call.
"""

import json
import sys
import threading

import rclpy
from geometry_msgs.msg import Twist
from rclpy.executors import ExternalShutdownException
from sensor_msgs.msg import JointState
from std_srvs.srv import Trigger


def say(step, value):
    print(json.dumps({"step": step, "value": value}), flush=True)


def main():
    rclpy.init()
    node = rclpy.create_node("robot")
    states = node.create_publisher(JointState, "/joint_states", 1)
    heard = set()

    def on_twist(m):
        if m.linear.x not in heard:
            heard.add(m.linear.x)
            say("twist", m.linear.x)

    def grip(_request, response):
        response.success, response.message = True, "gripped"
        return response

    def measure():
        m = JointState(name=["a", "b"], position=[0.5, float("nan")])
        m.header.stamp.sec, m.header.stamp.nanosec = 3, 5
        states.publish(m)

    def ask():
        for line in sys.stdin:
            client = node.create_client(Trigger, line.strip())
            client.wait_for_service(30)
            client.call_async(Trigger.Request()).add_done_callback(
                lambda done: say("answer", [done.result().success, done.result().message])
            )

    node.create_subscription(Twist, "/base", on_twist, 10)
    node.create_service(Trigger, "/grip", grip)
    node.create_timer(0.05, measure)
    threading.Thread(target=ask, daemon=True).start()
    try:
        rclpy.spin(node)
    except (KeyboardInterrupt, ExternalShutdownException):
        pass


if __name__ == "__main__":
    main()
