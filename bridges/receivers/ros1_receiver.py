#!/usr/bin/env python3
"""The reference receiver for ROS 1: a node near the robot, between the daemon's commands and the robot's controller.

    python3 ros1_receiver.py _kind:=twist _command:=/cmd_vel _output:=/base/cmd_vel

Parameters: `~kind` (see kinds.py), `~command`, `~output`, `~lease` (/reflexarc/lease), `~stop` (/stop), `~pose` (/ee_pose, where a
hold needs the measured pose), `~status` (/robot_status), `~deadman_ms` (100), `~rate_hz` (100). Service `~release`
(std_srvs/Trigger): a person at the robot lets it follow again. Keep it on the robot's own computer, and the daemon's
command topic away from the controller: what does not pass here, does not reach the robot.
"""

import os
import sys
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import roslib.message  # noqa: E402
import rospy  # noqa: E402
from geometry_msgs.msg import PoseStamped  # noqa: E402
from std_msgs.msg import String, UInt64MultiArray  # noqa: E402
from std_srvs.srv import Trigger, TriggerResponse  # noqa: E402

import kinds  # noqa: E402

STATUS_S = 0.05


def main():
    rospy.init_node("reflexarc_receiver")
    get = rospy.get_param
    kind = kinds.KINDS[get("~kind", "equilibrium_command")]
    command_class = roslib.message.get_message_class(kind.ros1)
    if command_class is None:
        rospy.logfatal("%s is not installed here", kind.ros1)
        return 1
    output = rospy.Publisher(get("~output", "~output"), command_class, queue_size=1)
    guard = kinds.Guard(kind, float(get("~deadman_ms", 100)) / 1000.0, output.publish)
    # rospy calls from a thread of its own for each topic.
    lock = threading.Lock()
    warned = {}

    def locked(handle):
        def call(message):
            with lock:
                refusal = handle(message)
            if refusal and warned.get(refusal, 0.0) < time.monotonic() - 1.0:
                warned[refusal] = time.monotonic()
                rospy.logwarn("refused: %s", refusal)

        return call

    command = locked(lambda m: guard.command(m, time.monotonic()))
    rospy.Subscriber(get("~command", "/equilibrium_command"), command_class, command, queue_size=1, tcp_nodelay=True)
    lease = locked(lambda m: guard.lease(m, time.monotonic()))
    rospy.Subscriber(get("~lease", "/reflexarc/lease"), UInt64MultiArray, lease, queue_size=1, tcp_nodelay=True)
    rospy.Subscriber(get("~pose", "/ee_pose"), PoseStamped, locked(lambda m: guard.measured(m, time.monotonic())), queue_size=1)

    # Without our messages here: no stop topic, for silence stops too, and the status as a word.
    stop_class = roslib.message.get_message_class("reflexarc_msgs/Stop")
    if stop_class is not None:
        stop = locked(lambda m: guard.stop(m, time.monotonic()))
        rospy.Subscriber(get("~stop", "/stop"), stop_class, stop, queue_size=10, tcp_nodelay=True)
    status_class = roslib.message.get_message_class("reflexarc_msgs/RobotStatus") or String
    status = rospy.Publisher(get("~status", "/robot_status"), status_class, queue_size=1, latch=True)

    def say_status(said):
        if status_class is String:
            status.publish(String(data=said["reason"]))
            return
        message = status_class(**said)
        message.header.stamp = rospy.Time.now()
        status.publish(message)

    def release(_request):
        with lock:
            guard.receiver.release()
        return TriggerResponse(success=True, message="released: commands are followed again")

    rospy.Service("~release", Trigger, release)

    # By a clock that nobody sets: /clock of a simulation stands still when the simulation does, and a deadman must not.
    period = 1.0 / float(get("~rate_hz", 100))
    said_s, held = 0.0, None
    while not rospy.is_shutdown():
        now = time.monotonic()
        with lock:
            guard.tick(now)
            said = guard.status(now)
        if said["holding"] != held or now - said_s >= STATUS_S:
            said_s, held = now, said["holding"]
            say_status(said)
        time.sleep(period)
    return 0


if __name__ == "__main__":
    sys.exit(main())
