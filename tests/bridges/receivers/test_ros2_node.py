"""The ROS 2 node of the reference receiver, on a rclpy that is made here: what it creates, and what it does with messages.

Fast, and with our own messages, which no wheel has. What this cannot show (real quality of service, executors, parameters, that the
types exist under these names) tests/system/rclpy.test.ts shows on the real one, for Twist.
"""

import os
import sys
import types
import unittest
from types import SimpleNamespace as Message
from unittest import mock

RECEIVERS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../../bridges/receivers")


class FakeNode:
    """A node that remembers, with parameters from the test."""

    parameters = {}

    def __init__(self, name):
        self.name = name
        self.subscriptions_ = {}
        self.publishers_ = {}
        self.services_ = {}
        self.warnings = []

    def declare_parameter(self, name, default, _descriptor):
        return Message(value=self.parameters.get(name, default))

    def create_publisher(self, cls, topic, qos):
        sent = []
        self.publishers_[topic] = Message(cls=cls, qos=qos, sent=sent)
        return Message(publish=sent.append)

    def create_subscription(self, cls, topic, callback, qos):
        self.subscriptions_[topic] = Message(cls=cls, callback=callback, qos=qos)

    def create_service(self, cls, name, callback):
        self.services_[name] = callback

    def create_timer(self, period, callback, clock=None):
        self.timer = Message(period=period, callback=callback, clock=clock)

    def get_logger(self):
        return Message(warning=self.warnings.append)

    def get_clock(self):
        return Message(now=lambda: Message(to_msg=lambda: "now"))


def modules(without_ours):
    """Fake packages by name, as `import` finds them."""

    def module(name, **members):
        made = types.ModuleType(name)
        vars(made).update(members)
        return name, made

    def typed(name):
        class Typed:
            type_name = name

            def __init__(self, **fields):
                self.header = Message(stamp=None)
                vars(self).update(fields)

        return Typed

    ours = [typed("reflexarc_msgs/msg/" + name) for name in ("EquilibriumCommand", "Stop", "RobotStatus")]
    qos = {"ReliabilityPolicy": Message(RELIABLE="reliable", BEST_EFFORT="best effort"), "DurabilityPolicy": Message(VOLATILE="volatile")}
    named = [
        module("rclpy", init=lambda: None),
        module("rclpy.clock", Clock=lambda clock_type: clock_type, ClockType=Message(STEADY_TIME="steady")),
        module("rclpy.executors", ExternalShutdownException=KeyError),
        module("rclpy.node", Node=FakeNode),
        module("rclpy.qos", QoSProfile=lambda **fields: fields, **qos),
        module("rcl_interfaces"),
        module("rcl_interfaces.msg", ParameterDescriptor=lambda **fields: fields),
        module("geometry_msgs"),
        module("geometry_msgs.msg", PoseStamped="PoseStamped", Twist=typed("geometry_msgs/msg/Twist")),
        module("std_msgs"),
        module("std_msgs.msg", String=Message, UInt64MultiArray="UInt64MultiArray"),
        module("std_srvs"),
        module("std_srvs.srv", Trigger="Trigger"),
    ]
    if not without_ours:
        named += [module("reflexarc_msgs"), module("reflexarc_msgs.msg", **{cls.type_name.split("/")[2]: cls for cls in ours})]
    return dict(named)


def twist(x):
    return Message(linear=Message(x=x, y=0.0, z=0.0), angular=Message(x=0.0, y=0.0, z=0.0))


class Ros2Node(unittest.TestCase):
    def made(self, without_ours=False, **parameters):
        # To the end of the test: the node looks for message packages when it is made.
        packages = mock.patch.dict(sys.modules, modules(without_ours))
        packages.start()
        self.addCleanup(packages.stop)
        sys.modules.pop("ros2_receiver", None)
        sys.path.insert(0, RECEIVERS)
        import ros2_receiver

        sys.path.remove(RECEIVERS)
        sys.modules.pop("ros2_receiver", None)
        FakeNode.parameters = parameters
        self.now = 100.0
        clock = mock.patch.object(ros2_receiver.time, "monotonic", lambda: self.now)
        clock.start()
        self.addCleanup(clock.stop)
        return ros2_receiver.ReceiverNode()

    def test_hears_only_the_newest_and_nothing_from_before_it_came(self):
        node = self.made(kind="twist", command="/cmd_vel", output="/base/cmd_vel")
        self.assertEqual(sorted(node.subscriptions_), ["/cmd_vel", "/ee_pose", "/reflexarc/lease", "/stop"])
        for topic in ("/cmd_vel", "/reflexarc/lease", "/stop"):
            self.assertEqual(node.subscriptions_[topic].qos, {"depth": 1, "reliability": "reliable", "durability": "volatile"})
        self.assertEqual(node.subscriptions_["/cmd_vel"].cls.type_name, "geometry_msgs/msg/Twist")
        self.assertEqual(node.publishers_["/base/cmd_vel"].cls.type_name, "geometry_msgs/msg/Twist")
        self.assertEqual([node.timer.period, node.timer.clock], [0.01, "steady"])

    def test_follows_holds_and_stands_still(self):
        node = self.made(kind="twist", command="/cmd_vel", output="/base/cmd_vel")
        out = node.publishers_["/base/cmd_vel"].sent
        status = node.publishers_["/robot_status"].sent
        command = node.subscriptions_["/cmd_vel"].callback
        command(twist(0.25))
        self.assertEqual([out, node.warnings], [[], ["refused: no lease"]])
        node.subscriptions_["/reflexarc/lease"].callback(Message(data=[5, 1, 100_000]))
        command(twist(0.25))
        self.assertEqual([m.linear.x for m in out], [0.25])
        node.timer.callback()
        self.assertEqual([status[-1].holding, status[-1].epoch, status[-1].refused, status[-1].header.stamp], [False, 5, 1, "now"])
        self.now += 0.1001
        node.timer.callback()
        self.assertEqual([out[-1].linear.x, status[-1].holding, status[-1].reason], [0.0, True, "deadman"])
        # Said at the change, then twenty times a second.
        said = len(status)
        for _ in range(10):
            self.now += 0.01
            node.timer.callback()
        self.assertEqual(len(status) - said, 2)
        self.assertEqual(len(out), 12)

    def test_a_stop_holds_and_a_person_releases(self):
        node = self.made()
        m = Message(epoch=5, seq=1, lease_ms=100.0, stiffness=2000.0, stiffness_rotation=150.0)
        at = Message(x=0.5, y=0.0, z=0.1)
        m.pose = Message(position=at, orientation=Message(x=1.0, y=0.0, z=0.0, w=0.0))
        command = node.subscriptions_["/equilibrium_command"].callback
        command(m)
        node.subscriptions_["/stop"].callback(Message(epoch=5, reason="person"))
        command(Message(**{**vars(m), "seq": 2}))
        self.assertEqual(node.warnings, ["refused: stopped"])
        response = node.services_["~/release"](None, Message())
        self.assertTrue(response.success)
        command(Message(**{**vars(m), "seq": 3}))
        node.timer.callback()
        self.assertFalse(node.publishers_["/robot_status"].sent[-1].holding)

    def test_the_same_refusal_is_said_once_a_second(self):
        node = self.made(kind="twist")
        for _ in range(150):
            self.now += 0.01
            node.subscriptions_["/equilibrium_command"].callback(twist(0.1))
        self.assertEqual(node.warnings, ["refused: no lease"] * 2)

    def test_without_our_messages_silence_still_holds_and_the_status_is_a_word(self):
        node = self.made(without_ours=True, kind="twist")
        self.assertNotIn("/stop", node.subscriptions_)
        node.timer.callback()
        self.assertEqual(vars(node.publishers_["/robot_status"].sent[-1]), {"data": "start"})
        with self.assertRaisesRegex(RuntimeError, "EquilibriumCommand is not installed"):
            self.made(without_ours=True)

    def test_a_deadman_or_a_rate_that_is_none_is_refused_at_the_start(self):
        for value in (0, -5.0, float("nan"), float("inf"), "100", True):
            with self.assertRaisesRegex(ValueError, "deadman_ms is .* a number above 0 is needed"):
                self.made(kind="twist", deadman_ms=value)
        with self.assertRaisesRegex(ValueError, "rate_hz is 0"):
            self.made(kind="twist", rate_hz=0)
        self.assertEqual(self.made(kind="twist", rate_hz=50).timer.period, 0.02)


if __name__ == "__main__":
    unittest.main()
