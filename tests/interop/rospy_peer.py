"""A ROS 1 graph around the reference receiver: real rospy, real messages. rospy.test.ts compares what it says.

    python3 rospy_peer.py        (with ROS_MASTER_URI, and reflexarc_msgs on PYTHONPATH)

Each step prints a line of JSON, {"step": name, "value": what came of it}.
"""

import json
import math
import sys
import threading
import time

import rospy
from geometry_msgs.msg import PoseStamped, Twist
from reflexarc_msgs.msg import EquilibriumCommand, RobotStatus, Stop
from std_msgs.msg import UInt64MultiArray
from std_srvs.srv import Trigger

WAIT_S = 20


def say(step, value):
    print(json.dumps({"step": step, "value": value}), flush=True)


class Heard:
    def __init__(self, topic, cls):
        self.all = []
        self._more = threading.Condition()
        self.subscriber = rospy.Subscriber(topic, cls, self._on)

    def _on(self, message):
        with self._more:
            self.all.append(message)
            self._more.notify_all()

    def wait(self, found):
        with self._more:
            self._more.wait_for(lambda: any(found(m) for m in self.all), WAIT_S)
            return next((m for m in reversed(self.all) if found(m)), None)


def connected(publisher):
    end = time.monotonic() + WAIT_S
    while publisher.get_num_connections() == 0 and time.monotonic() < end:
        time.sleep(0.01)


def equilibrium(epoch, seq, x=0.5, **changes):
    m = EquilibriumCommand(epoch=epoch, seq=seq, lease_ms=2000, stiffness=2000, stiffness_rotation=150)
    m.pose.position.x = x
    m.pose.orientation.w = 1
    for name, value in changes.items():
        setattr(m, name, value)
    return m


def main():
    rospy.init_node("peer", disable_signals=True)
    status = Heard("/robot_status", RobotStatus)
    out = Heard("/guarded", EquilibriumCommand)
    command = rospy.Publisher("/equilibrium_command", EquilibriumCommand, queue_size=100)
    stop = rospy.Publisher("/stop", Stop, queue_size=10)
    pose = rospy.Publisher("/ee_pose", PoseStamped, queue_size=1)
    for publisher in (command, stop, pose):
        connected(publisher)
    say("begins", status.wait(lambda s: True).reason)

    def refused(message):
        before = status.all[-1].refused
        command.publish(message)
        return status.wait(lambda s: s.refused > before).last_refusal

    command.publish(equilibrium(5, 1, 0.51))
    followed = status.wait(lambda s: s.accepted == 1)
    say("follows", [followed.holding, followed.epoch, followed.seq])
    say("passes on", out.wait(lambda m: m.seq == 1).pose.position.x)
    say("refuses", [
        refused(equilibrium(4, 9)),
        refused(equilibrium(5, 1)),
        refused(equilibrium(5, 2, math.nan)),
        refused(equilibrium(5, 2, stiffness=math.inf)),
        refused(equilibrium(5, 2, lease_ms=0)),
        refused(equilibrium(5, 2, stiffness=9000)),
    ])
    say("of which nothing passed", [m.seq for m in out.all])

    measured = PoseStamped()
    measured.pose.position.x = 0.49
    measured.pose.orientation.w = 1
    stop.publish(Stop(epoch=5, reason="person"))
    say("stops", status.wait(lambda s: s.reason.startswith("stop")).reason)
    say("refuses its epoch", refused(equilibrium(5, 3)))
    command.publish(equilibrium(6, 1, 0.52, lease_ms=300))
    say("follows a newer one", status.wait(lambda s: s.epoch == 6 and not s.holding) is not None)
    end = time.monotonic() + WAIT_S
    while not status.all[-1].holding and time.monotonic() < end:
        # The robot is measured all the time, and then nothing is commanded any more.
        pose.publish(measured)
        time.sleep(0.01)
    say("lets go", status.wait(lambda s: s.holding and s.epoch == 6).reason)
    say("and holds where it was measured", out.wait(lambda m: m.pose.position.x == 0.49) is not None)
    say("until a newer epoch", refused(equilibrium(6, 2)))

    rospy.wait_for_service("/reflexarc_receiver/release", WAIT_S)
    say("or a person", rospy.ServiceProxy("/reflexarc_receiver/release", Trigger)().success)
    command.publish(equilibrium(6, 3))
    say("follows again", status.wait(lambda s: s.seq == 3).holding)

    twists = Heard("/base/cmd_vel", Twist)
    twist = rospy.Publisher("/cmd_vel", Twist, queue_size=10)
    lease = rospy.Publisher("/reflexarc/lease", UInt64MultiArray, queue_size=10)
    connected(twist)
    connected(lease)
    base = Heard("/base/status", RobotStatus)
    moving = Twist()
    moving.linear.x = 0.25
    twist.publish(moving)
    say("a twist without a lease", base.wait(lambda s: s.refused > 0).last_refusal)
    lease.publish(UInt64MultiArray(data=[1700000000123, 1, 3000000]))
    base.wait(lambda s: not s.holding)
    twist.publish(moving)
    say("a twist with one", twists.wait(lambda m: m.linear.x != 0).linear.x)
    say("whose lease ends", base.wait(lambda s: s.holding and s.accepted == 1).reason)
    say("stands still", twists.wait(lambda m: m.linear.x == 0) is not None)


if __name__ == "__main__":
    main()
    sys.stdout.flush()
    rospy.signal_shutdown("done")
