"""The messages that a robot may be commanded by: their numbers, and what makes the robot stand still.

By duck typing: the same for messages of rospy, of rclpy, and of a test.
"""

import contract

#: The servo of the simulated robot is stable far above these, and explodes at 50 000 N/m. Put yours here.
STIFFEST = 5000.0
STIFFEST_ROTATION = 500.0


def _xyz(v):
    return [v.x, v.y, v.z]


def _still(v):
    v.x = v.y = v.z = 0.0


class Equilibrium:
    """reflexarc_msgs/EquilibriumCommand: has epoch, sequence and lease of its own."""

    ros1 = "reflexarc_msgs/EquilibriumCommand"
    leased = False
    judge = staticmethod(contract.equilibrium(STIFFEST, STIFFEST_ROTATION))

    @staticmethod
    def numbers(m):
        q = m.pose.orientation
        return _xyz(m.pose.position) + [q.x, q.y, q.z, q.w, m.stiffness, m.stiffness_rotation]

    @staticmethod
    def hold(m, pose):
        """An impedance controller holds an equilibrium pose: the measured one, at the stiffness in force.

        Where that is not known, the last equilibrium stays: the daemon keeps it within a centimetre of the measured pose.
        """
        if pose is not None:
            m.pose = pose.pose
        return m


class Pose:
    """geometry_msgs/PoseStamped, for impedance controllers that know no other."""

    ros1 = "geometry_msgs/PoseStamped"
    leased = True
    judge = staticmethod(lambda values: contract.equilibrium(STIFFEST, STIFFEST_ROTATION)(list(values) + [0, 0]))

    @staticmethod
    def numbers(m):
        q = m.pose.orientation
        return _xyz(m.pose.position) + [q.x, q.y, q.z, q.w]

    hold = staticmethod(Equilibrium.hold)


class Twist:
    """geometry_msgs/Twist: a mobile base stands still at zero."""

    ros1 = "geometry_msgs/Twist"
    leased = True
    judge = staticmethod(contract.finite)

    @staticmethod
    def numbers(m):
        return _xyz(m.linear) + _xyz(m.angular)

    @staticmethod
    def hold(m, _pose):
        _still(m.linear)
        _still(m.angular)
        return m


class TwistStamped:
    """geometry_msgs/TwistStamped."""

    ros1 = "geometry_msgs/TwistStamped"
    leased = True
    judge = staticmethod(contract.finite)

    @staticmethod
    def numbers(m):
        return Twist.numbers(m.twist)

    @staticmethod
    def hold(m, pose):
        Twist.hold(m.twist, pose)
        return m


class JointJog:
    """control_msgs/JointJog: velocities go to zero, displacements stay: they are near the measured joints anyway."""

    ros1 = "control_msgs/JointJog"
    leased = True
    judge = staticmethod(contract.finite)

    @staticmethod
    def numbers(m):
        return list(m.velocities) + list(m.displacements)

    @staticmethod
    def hold(m, _pose):
        m.velocities = [0.0] * len(m.velocities)
        return m


class JointVelocities:
    """std_msgs/Float64MultiArray of velocities, as forward_command_controller takes them."""

    ros1 = "std_msgs/Float64MultiArray"
    leased = True
    judge = staticmethod(contract.finite)

    @staticmethod
    def numbers(m):
        return list(m.data)

    @staticmethod
    def hold(m, _pose):
        m.data = [0.0] * len(m.data)
        return m


class JointPositions(JointVelocities):
    """The same of positions: the last one is near the measured joints, and stays."""

    @staticmethod
    def hold(m, _pose):
        return m


#: By the name that the nodes' parameter `kind` has.
KINDS = {
    "equilibrium_command": Equilibrium,
    "pose_stamped": Pose,
    "twist": Twist,
    "twist_stamped": TwistStamped,
    "joint_jog": JointJog,
    "joint_velocities": JointVelocities,
    "joint_positions": JointPositions,
}


def ros2(name):
    """`pkg/Type` as ROS 2 spells it."""
    package, _, type_name = name.partition("/")
    return package + "/msg/" + type_name


class Guard:
    """One command topic under the contract: what a node does with its messages, whatever ROS it is of.

    `publish(message)` sends to the controller. While it holds, the last message goes out again and again, made to stand
    still; where nothing was followed yet there is nothing to say, and the controller has nothing to follow.
    """

    def __init__(self, kind, deadman_s, publish):
        self.kind = kind
        self.leased = contract.LeasedReceiver(deadman_s, kind.judge) if kind.leased else None
        self.receiver = self.leased.receiver if kind.leased else contract.Receiver(deadman_s, kind.judge)
        self._publish = publish
        self._last = None
        self._still = None
        self._deadman_s = deadman_s
        self._pose = None
        self._pose_s = 0.0

    def command(self, m, now_s):
        """A command came. Empty when it went on to the controller, else why not."""
        values = self.kind.numbers(m)
        if self.leased is not None:
            refusal = self.leased.command(values, now_s)
        else:
            refusal = self.receiver.receive(m.epoch, m.seq, m.lease_ms / 1000.0, values, now_s)
        if refusal == "":
            self._last = m
            self._still = None
            self._publish(m)
        return refusal

    def lease(self, m, now_s):
        return self.leased.lease(m.data, now_s) if self.leased is not None else ""

    def stop(self, m, now_s):
        """A stop came: the robot holds now, not at the next tick."""
        self.receiver.stop(getattr(m, "epoch", None), getattr(m, "reason", ""))
        self.tick(now_s)

    def measured(self, m, now_s):
        """The robot was measured: geometry_msgs/PoseStamped."""
        self._pose = m
        self._pose_s = now_s

    def tick(self, now_s):
        """At the servo's rate: lets the deadman act, and keeps a robot that is held where it is."""
        self.receiver.watch(now_s)
        if not self.receiver.holding or self._last is None:
            return
        if self._still is None:
            # Once: where the robot is now, not where it sags to. An old measurement would pull it back.
            fresh = self._pose is not None and now_s - self._pose_s <= self._deadman_s
            self._still = self.kind.hold(self._last, self._pose if fresh else None)
        self._publish(self._still)

    def status(self, now_s):
        """The fields of reflexarc_msgs/RobotStatus; of a leased command the refusals of both count."""
        said = self.receiver.status(now_s)
        if self.leased is not None:
            said["refused"] += self.leased.refused
            said["last_refusal"] = self.leased.last_refusal or said["last_refusal"]
        return said
