"""A ROS 2 graph around the reference receiver: real rclpy, real messages. rclpy.test.ts compares what it says.

    python3 rclpy_peer.py        (two receivers of Twist are started when it says "ready": `lasting`, `short`)

Each step prints a line of JSON, {"step": name, "value": what came of it}.
"""

import json
import sys
import threading
import time

import rclpy
from geometry_msgs.msg import Twist
from rcl_interfaces.msg import Log, Parameter, ParameterType, ParameterValue
from rcl_interfaces.srv import SetParameters
from rclpy.executors import ExternalShutdownException
from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy
from std_msgs.msg import String, UInt64MultiArray
from std_srvs.srv import Trigger

WAIT_S = 30
STEP_S = 0.02
HOUR_US = 3_600_000_000
LEASE_S = 0.3
#: As rosbridge publishes what a client says: who comes late is told what was said before.
KEPT = QoSProfile(depth=1, reliability=ReliabilityPolicy.RELIABLE, durability=DurabilityPolicy.TRANSIENT_LOCAL)


def say(step, value):
    print(json.dumps({"step": step, "value": value}), flush=True)


def until(condition, meanwhile=lambda: None):
    """What `condition` gives once it is true; `meanwhile` is done over and over."""
    end = time.monotonic() + WAIT_S
    while not condition():
        if time.monotonic() > end:
            return None
        meanwhile()
        time.sleep(STEP_S)
    return condition()


def twist(x):
    m = Twist()
    m.linear.x = x
    return m


class Base:
    """What a receiver of ours stands before, and what commands it."""

    def __init__(self, node, name, logs):
        self.node, self.name, self._logs = node, name, logs
        self.out, self.status, self.seq = [], [], 0
        self.commands = node.create_publisher(Twist, f"/{name}/cmd_vel", KEPT)
        self.leases = node.create_publisher(UInt64MultiArray, f"/{name}/lease", KEPT)
        node.create_subscription(Twist, f"/{name}/base", lambda m: self.out.append(m.linear.x), 100)
        node.create_subscription(String, f"/{name}/status", lambda m: self.status.append(m.data), 100)

    def lease(self, epoch, lease_us, seq=None):
        self.seq = seq or self.seq + 1
        self.leases.publish(UInt64MultiArray(data=[epoch, self.seq, lease_us]))

    def drive(self, x):
        self.commands.publish(twist(x))

    def is_there(self):
        counts = [self.commands.get_subscription_count(), self.leases.get_subscription_count()]
        return min(counts) > 0 and len(self.status) > 0

    def refusal(self, why, provoke):
        """The reason that the node logs; it says each at most once a second."""
        before = len(self._logs[self.name])
        said = "refused: " + why
        until(lambda: said in self._logs[self.name][before:], provoke)
        return said in self._logs[self.name][before:]

    def passes(self, x, lead):
        """True when commands of `x` come out while `lead` leads."""

        def meanwhile():
            lead()
            self.drive(x)

        return until(lambda: x in self.out, meanwhile) is True


def call(client, request):
    client.wait_for_service(WAIT_S)
    future = client.call_async(request)
    until(future.done)
    return future.result()


def main():
    rclpy.init()
    node = rclpy.create_node("peer")
    logs = {"lasting": [], "short": []}
    node.create_subscription(Log, "/rosout", lambda m: logs.get(m.name, []).append(m.msg), 100)
    a, b = Base(node, "lasting", logs), Base(node, "short", logs)

    def spin():
        try:
            rclpy.spin(node)
        except ExternalShutdownException:
            pass

    spinning = threading.Thread(target=spin)
    spinning.start()

    a.lease(5, HOUR_US)
    a.drive(0.75)
    late = []
    old = node.create_subscription(Twist, "/lasting/cmd_vel", lambda m: late.append(m.linear.x), KEPT)
    until(lambda: late)
    node.destroy_subscription(old)
    until(lambda: a.commands.get_subscription_count() == 0)
    say("kept for who comes late", late)
    say("ready", True)
    until(a.is_there)
    until(b.is_there)
    say("begins", a.status[0])
    # Twice, for one that heard the old command before the old lease would refuse it once.
    refusals = [a.refusal("no lease", lambda: a.drive(0.75)) for _ in range(2)]
    say("refuses what has no lease but that from before it came", refusals)
    say("of which nothing passed", a.out)

    leased = [0.0]

    def lead():
        leased[0] = time.monotonic()
        a.lease(5, int(LEASE_S * 1e6))

    say("follows under a live lease", a.passes(0.25, lead))
    held = until(lambda: a.out[-1] == 0.0, lambda: a.drive(0.25))
    after = time.monotonic() - leased[0]
    say("stands still when the lease falls silent, and not before", [held, after >= LEASE_S])
    print(f"stood still {after * 1000:.0f} ms after the last lease, of {LEASE_S * 1000:.0f} ms", file=sys.stderr)
    say("for", until(lambda: a.status[-1] != "" and a.status[-1]))
    say("refuses commands then", a.refusal("no lease", lambda: a.drive(0.5)))
    last = a.seq
    say("an old epoch", a.refusal("old epoch", lambda: a.lease(4, HOUR_US)))
    say("an old sequence", a.refusal("old sequence", lambda: a.lease(5, HOUR_US, last)))
    say("the epoch that was let go", a.refusal("held", lambda: a.lease(5, HOUR_US, last + 1)))
    a.refusal("no lease", lambda: a.drive(0.5))
    say("and stands still all the while", 0.5 in a.out or a.out[-1] != 0.0)

    say("follows a newer epoch", a.passes(0.375, lambda: a.lease(6, HOUR_US)))
    a.lease(6, int(LEASE_S * 1e6))
    until(lambda: a.out[-1] == 0.0)
    say("holds that one", a.refusal("held", lambda: a.lease(6, HOUR_US)))
    release = node.create_client(Trigger, "/lasting/release")
    say("until a person releases it", call(release, Trigger.Request()).success)
    say("and follows again", a.passes(0.625, lambda: a.lease(6, HOUR_US)))

    b.lease(5, HOUR_US)
    say("before its lease ends", b.passes(0.25, lambda: b.lease(5, HOUR_US)))
    say("its own deadman lets go", until(lambda: b.out[-1] == 0.0) and until(lambda: b.status[-1]))

    value = ParameterValue(type=ParameterType.PARAMETER_DOUBLE, double_value=1e9)
    asked = SetParameters.Request(parameters=[Parameter(name="deadman_ms", value=value)])
    setting = node.create_client(SetParameters, "/short/set_parameters")
    say("its deadman can be set", call(setting, asked).results[0].successful)
    rclpy.shutdown()
    spinning.join()


if __name__ == "__main__":
    main()
