"""The receiver's contract (controllers/safety/README.md), as pure logic: what stands between commands and a robot.

No ROS, no clock, nothing but Python's standard library (3.6 and newer). Times are seconds of one monotonic clock and
come in as arguments. The same rules as bridges/mujoco/receiver.ts; the tests play both side by side.
"""

import math

#: Largest sequence or epoch: what a float64 of JavaScript holds exactly.
MAX_COUNT = 2**53 - 1
#: How far the norm of a quaternion may be from 1.
QUATERNION_TOLERANCE = 1e-3
LONGEST_REASON = 200


def is_count(v):
    """True for an integer that can be an epoch or a sequence."""
    if isinstance(v, bool):
        return False
    if isinstance(v, float):
        return v.is_integer() and 0 <= v <= MAX_COUNT
    return isinstance(v, int) and 0 <= v <= MAX_COUNT


def is_number(v):
    """True for a finite number: no text, no truth value, nothing that is missing."""
    return isinstance(v, (int, float)) and not isinstance(v, bool) and math.isfinite(v)


def finite(values):
    """The least that is asked of a command: every number is one. Empty, or why not."""
    return "" if all(is_number(v) for v in values) else "malformed"


def equilibrium(stiffest, stiffest_rotation):
    """Judges `[x y z qx qy qz qw kt kr]`: finite, a unit quaternion, stiffness that is one and that the servo stands."""

    def judge(values):
        if len(values) != 9 or finite(values) != "":
            return "malformed"
        kt, kr = values[7], values[8]
        norm = math.sqrt(sum(q * q for q in values[3:7]))
        if kt < 0 or kr < 0 or not abs(norm - 1) < QUATERNION_TOLERANCE:
            return "malformed"
        return "too stiff" if kt > stiffest or kr > stiffest_rotation else ""

    return judge


class Receiver:
    """Takes or refuses commands that carry an epoch, a sequence and a lease, and lets go when none comes.

    It begins by holding. `deadman_s`: no command is in force for longer, whatever its lease. `judge`: what else is asked
    of the numbers of a command; returns a reason to refuse it, or an empty text.
    """

    def __init__(self, deadman_s, judge=finite):
        self.holding = True
        #: `start`, `deadman` or `stop: ...`; empty while it follows.
        self.reason = "start"
        self.epoch = 0
        self.seq = 0
        self.accepted = 0
        self.refused = 0
        self.last_refusal = ""
        #: The numbers in force; meaningful while it follows.
        self.values = []
        self._deadman_s = deadman_s
        self._judge = judge
        self._accepted_s = None
        self._lease_s = 0.0
        #: While it holds: commands of this epoch and before are refused.
        self._held_epoch = -1
        self._stopped = False

    def receive(self, epoch, seq, lease_s, values, now_s):
        """Takes a command, or says why not; empty when it was taken. A refused one changes nothing but the counts."""
        self.watch(now_s)
        refusal = self._refusal(epoch, seq, lease_s, values)
        if refusal != "":
            self.refused += 1
            self.last_refusal = refusal
            return refusal
        self.values = list(values)
        self.epoch = int(epoch)
        self.seq = int(seq)
        self.accepted += 1
        self._accepted_s = now_s
        self._lease_s = min(lease_s, self._deadman_s)
        self.holding = False
        self.reason = ""
        self._stopped = False
        return ""

    def _refusal(self, epoch, seq, lease_s, values):
        judged = self._judge(values)
        if judged == "malformed" or not is_count(epoch) or not is_count(seq) or not is_number(lease_s):
            return "malformed"
        if lease_s <= 0:
            return "no lease"
        if judged != "":
            return judged
        if epoch < self.epoch:
            return "old epoch"
        if self.accepted > 0 and epoch == self.epoch and seq <= self.seq:
            return "old sequence"
        if self.holding and epoch <= self._held_epoch:
            return "stopped" if self._stopped else "held"
        return ""

    def watch(self, now_s):
        """To be called at the servo's rate: lets the deadman act. True when it has just let go."""
        if self.holding or now_s - self._accepted_s <= self._lease_s:
            return False
        self._hold("deadman", self.epoch)
        return True

    def stop(self, epoch, reason):
        """Holds, whatever the message is: one without an epoch stops everything up to the epoch in force."""
        self._stopped = True
        said = reason[:LONGEST_REASON] if isinstance(reason, str) else ""
        self._hold("stop: " + said, max(int(epoch), self.epoch) if is_count(epoch) else self.epoch)

    def release(self):
        """A person at the robot lets it follow again, whatever the epoch. It goes on holding until a command comes."""
        self._held_epoch = -1
        self._stopped = False

    def _hold(self, reason, epoch):
        # An epoch that was refused stays refused: what holds later never lifts what held before.
        self._held_epoch = max(self._held_epoch, epoch) if self.holding else epoch
        self.holding = True
        self.reason = reason

    def status(self, now_s):
        """The fields of reflexarc_msgs/RobotStatus, without its header."""
        age = -1.0 if self._accepted_s is None else (now_s - self._accepted_s) * 1000.0
        return {
            "holding": self.holding,
            "reason": self.reason,
            "epoch": self.epoch,
            "seq": self.seq,
            "accepted": self.accepted,
            "refused": self.refused,
            "last_refusal": self.last_refusal,
            "command_age_ms": age,
        }


class LeasedReceiver:
    """The same for commands that carry none of it (Twist, JointJog, Float64MultiArray ...): a lease comes beside them.

    Epoch, sequence and expiry are the lease's, `~/lease`; a command is followed while a lease is in force. So silence
    holds, latched, and an old epoch is refused; what a lease cannot tell is one command from another within it.
    """

    def __init__(self, deadman_s, judge=finite):
        self.receiver = Receiver(deadman_s)
        self.values = []
        self._judge = judge
        self.commands = 0
        self.refused = 0
        self.last_refusal = ""

    def lease(self, data, now_s):
        """The data of std_msgs/UInt64MultiArray: `[epoch, seq, lease in us]`. Empty when it was taken, else why not."""
        data = list(data)
        if len(data) != 3:
            data = [None, None, None]
        lease_s = data[2] / 1e6 if is_number(data[2]) else data[2]
        return self.receiver.receive(data[0], data[1], lease_s, [], now_s)

    def command(self, values, now_s):
        """Empty when it may be followed, else why not."""
        self.receiver.watch(now_s)
        refusal = self._judge(values)
        if refusal == "" and self.receiver.holding:
            refusal = "no lease"
        if refusal != "":
            self.refused += 1
            self.last_refusal = refusal
            return refusal
        self.values = list(values)
        self.commands += 1
        return ""
