#!/usr/bin/env python3
"""The reference receiver for ROS 2: a node near the robot, between the daemon's commands and the robot's controller.

    python3 ros2_receiver.py --ros-args -p kind:=twist -p command:=/cmd_vel -p output:=/base/cmd_vel

Parameters: `kind` (see kinds.py), `command`, `output`, `lease` (/reflexarc/lease), `stop` (/stop), `pose` (/ee_pose, where a hold
needs the measured pose), `status` (/robot_status), `deadman_ms` (100), `rate_hz` (100); none can be set later. Service `~/release`
(std_srvs/srv/Trigger): a person at the robot lets it follow again. Keep it on the robot's own computer, and the daemon's
command topic away from the controller: what does not pass here, does not reach the robot.
"""

import importlib
import os
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import rclpy  # noqa: E402
from geometry_msgs.msg import PoseStamped  # noqa: E402
from rcl_interfaces.msg import ParameterDescriptor  # noqa: E402
from rclpy.clock import Clock, ClockType  # noqa: E402
from rclpy.executors import ExternalShutdownException  # noqa: E402
from rclpy.node import Node  # noqa: E402
from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy  # noqa: E402
from std_msgs.msg import String, UInt64MultiArray  # noqa: E402
from std_srvs.srv import Trigger  # noqa: E402

import contract  # noqa: E402
import kinds  # noqa: E402

STATUS_S = 0.05
#: One message, the newest, and nothing from before we came: a restarted receiver must not hear an old command.
NEWEST = QoSProfile(depth=1, reliability=ReliabilityPolicy.RELIABLE, durability=DurabilityPolicy.VOLATILE)
#: A sensor may publish as best effort.
SENSOR = QoSProfile(depth=1, reliability=ReliabilityPolicy.BEST_EFFORT, durability=DurabilityPolicy.VOLATILE)


def message_class(name):
    """The class of `package/Name`, or None where its package is not installed."""
    package, message = name.split("/")
    try:
        return getattr(importlib.import_module(package + ".msg"), message)
    except (ImportError, AttributeError):
        return None


class ReceiverNode(Node):
    """One command topic under the contract."""

    def __init__(self):
        super().__init__("reflexarc_receiver")
        kind = kinds.KINDS[self._get("kind", "equilibrium_command")]
        command_class = message_class(kind.ros1)
        if command_class is None:
            raise RuntimeError(kinds.ros2(kind.ros1) + " is not installed here")
        output = self.create_publisher(command_class, self._get("output", "~/output"), NEWEST)
        self._guard = kinds.Guard(kind, self._number("deadman_ms", 100) / 1000.0, output.publish)
        guard = self._guard
        self._warned = {}
        self._said_s, self._held = 0.0, None

        def on(topic, cls, handle, qos=NEWEST):
            self.create_subscription(cls, topic, lambda message: self._warn(handle(message)), qos)

        on(self._get("command", "/equilibrium_command"), command_class, lambda m: guard.command(m, time.monotonic()))
        on(self._get("lease", "/reflexarc/lease"), UInt64MultiArray, lambda m: guard.lease(m, time.monotonic()))
        on(self._get("pose", "/ee_pose"), PoseStamped, lambda m: guard.measured(m, time.monotonic()), SENSOR)
        # Without our messages here: no stop topic, for silence stops too, and the status as a word.
        stop_class = message_class("reflexarc_msgs/Stop")
        if stop_class is not None:
            on(self._get("stop", "/stop"), stop_class, lambda m: guard.stop(m, time.monotonic()))
        self._status_class = message_class("reflexarc_msgs/RobotStatus") or String
        self._status = self.create_publisher(self._status_class, self._get("status", "/robot_status"), 1)
        self.create_service(Trigger, "~/release", self._release)
        # By a clock that nobody sets: /clock of a simulation stands still when the simulation does, and a deadman must not.
        steady = Clock(clock_type=ClockType.STEADY_TIME)
        self.create_timer(1.0 / self._number("rate_hz", 100), self._tick, clock=steady)

    def _get(self, name, default):
        # Read once, here: to set it later would be answered with success, and change nothing.
        fixed = ParameterDescriptor(read_only=True, dynamic_typing=True)
        return self.declare_parameter(name, default, fixed).value

    def _number(self, name, default):
        """Of either type: ROS 2 takes `100` for another one than `100.0`."""
        value = self._get(name, default)
        if not contract.is_number(value) or value <= 0:
            raise ValueError("%s is %r: a number above 0 is needed" % (name, value))
        return float(value)

    def _warn(self, refusal):
        now = time.monotonic()
        if refusal and self._warned.get(refusal, 0.0) < now - 1.0:
            self._warned[refusal] = now
            self.get_logger().warning("refused: " + refusal)

    def _release(self, _request, response):
        self._guard.receiver.release()
        response.success = True
        response.message = "released: commands are followed again"
        return response

    def _tick(self):
        now = time.monotonic()
        self._guard.tick(now)
        said = self._guard.status(now)
        if said["holding"] == self._held and now - self._said_s < STATUS_S:
            return
        self._said_s, self._held = now, said["holding"]
        if self._status_class is String:
            self._status.publish(String(data=said["reason"]))
            return
        message = self._status_class(**said)
        message.header.stamp = self.get_clock().now().to_msg()
        self._status.publish(message)


def main():
    rclpy.init()
    node = ReceiverNode()
    try:
        rclpy.spin(node)
    except (KeyboardInterrupt, ExternalShutdownException):
        pass
    finally:
        node.destroy_node()
        rclpy.try_shutdown()


if __name__ == "__main__":
    main()
