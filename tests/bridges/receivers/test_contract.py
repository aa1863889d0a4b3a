"""The contract of the reference receivers, with a clock in the hand: `python3 -m unittest test_contract`."""

import math
import os
import sys
import unittest
from types import SimpleNamespace as Message

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../../../bridges/receivers"))

import contract  # noqa: E402
import kinds  # noqa: E402

POSE = [0.5, 0.0, 0.1, 1.0, 0.0, 0.0, 0.0, 2000.0, 150.0]


def made(deadman_s=0.1):
    return contract.Receiver(deadman_s, contract.equilibrium(5000, 500))


def receive(r, epoch, seq, now, lease=0.1, values=POSE):
    return r.receive(epoch, seq, lease, values, now)


class Deadman(unittest.TestCase):
    def test_begins_by_holding_and_follows_the_first_command(self):
        r = made()
        self.assertEqual([r.holding, r.reason, r.status(0)["command_age_ms"]], [True, "start", -1])
        self.assertEqual(receive(r, 0, 0, 0.005), "")
        self.assertEqual([r.holding, r.reason], [False, ""])
        self.assertAlmostEqual(r.status(0.008)["command_age_ms"], 3)
        self.assertEqual(r.values, POSE)

    def test_lets_go_after_the_lease_or_the_deadman_whichever_is_shorter(self):
        for lease, last in ((0.05, 0.05), (0.5, 0.1)):
            r = made()
            receive(r, 1, 1, 0, lease=lease)
            self.assertFalse(r.watch(last))
            self.assertTrue(r.watch(last + 1e-6))
            self.assertEqual([r.holding, r.reason], [True, "deadman"])
            self.assertFalse(r.watch(last + 1))

    def test_stays_so_until_a_newer_epoch_even_when_nobody_watched(self):
        r = made()
        receive(r, 1, 1, 0)
        self.assertEqual(receive(r, 1, 2, 0.15), "held")
        self.assertEqual(receive(r, 2, 1, 0.16), "")

    def test_a_person_at_the_robot_lifts_it_and_old_sequences_stay_old(self):
        r = made()
        receive(r, 1, 1, 0)
        r.watch(1)
        r.release()
        self.assertTrue(r.holding)
        self.assertEqual(receive(r, 1, 1, 1.1), "old sequence")
        self.assertEqual(receive(r, 1, 2, 1.1), "")

    def test_a_refused_command_does_not_refresh_it(self):
        r = made()
        receive(r, 1, 1, 0)
        receive(r, 1, 2, 0.08)
        self.assertEqual(receive(r, 1, 2, 0.17), "old sequence")
        self.assertEqual(receive(r, 1, 3, 0.175, values=[math.nan] + POSE[1:]), "malformed")
        self.assertFalse(r.watch(0.18))
        self.assertTrue(r.watch(0.181))
        self.assertEqual([r.accepted, r.refused, r.last_refusal], [2, 2, "malformed"])


class Refused(unittest.TestCase):
    def test_whole_and_without_a_trace(self):
        bad = {
            "old epoch": dict(epoch=4, seq=9),
            "old sequence": dict(epoch=5, seq=7),
            "no lease": dict(epoch=5, seq=8, lease=0.0),
            "too stiff": dict(epoch=5, seq=8, values=POSE[:7] + [5001.0, 150.0]),
        }
        for why, command in bad.items():
            r = made()
            receive(r, 5, 7, 0)
            self.assertEqual(receive(r, command["epoch"], command["seq"], 0.01, command.get("lease", 0.1), command.get("values", POSE)), why)
            self.assertEqual([r.epoch, r.seq, r.values, r.holding], [5, 7, POSE, False])

    def test_what_is_no_command(self):
        for epoch, seq, lease in (
            (-1, 1, 0.1), (1.5, 1, 0.1), (None, 1, 0.1), ("5", 1, 0.1), (True, 1, 0.1), (math.nan, 1, 0.1), (2**53, 1, 0.1),
            (1, -1, 0.1), (1, None, 0.1), (1, 1, math.nan), (1, 1, math.inf), (1, 1, None), (1, 1, "0.1"),
        ):
            self.assertEqual(receive(made(), epoch, seq, 0, lease), "malformed", (epoch, seq, lease))

    def test_what_is_no_pose(self):
        for at in range(9):
            for value in (math.nan, math.inf, -math.inf, None, "0", True):
                values = POSE[:at] + [value] + POSE[at + 1:]
                self.assertEqual(receive(made(), 1, 1, 0, values=values), "malformed", values)
        for values in (POSE[:8], POSE + [0.0], [], POSE[:3] + [0.9, 0, 0, 0] + POSE[7:], POSE[:7] + [-1.0, 150.0]):
            self.assertEqual(receive(made(), 1, 1, 0, values=values), "malformed", values)


class Stop(unittest.TestCase):
    def test_holds_at_once_up_to_the_larger_epoch_and_is_never_made_weaker(self):
        r = made()
        receive(r, 3, 1, 0)
        r.stop(5, "reflex silent")
        r.stop(2, "again")
        self.assertEqual([r.holding, r.reason], [True, "stop: again"])
        for epoch in (3, 4, 5):
            self.assertEqual(receive(r, epoch, 9, 0.001), "stopped")
        self.assertEqual(receive(r, 6, 1, 0.001), "")

    def test_works_whatever_it_says(self):
        for epoch, reason in ((None, None), (math.nan, 7), ("x", ""), (-1, "old"), ({}, [])):
            r = made()
            receive(r, 3, 1, 0)
            r.stop(epoch, reason)
            self.assertEqual(receive(r, 3, 2, 0.001), "stopped")
            self.assertEqual(receive(r, 4, 1, 0.001), "")


class Leased(unittest.TestCase):
    """Commands without epoch, sequence and expiry: a lease comes beside them."""

    def test_nothing_is_followed_without_a_lease(self):
        r = contract.LeasedReceiver(0.1)
        self.assertEqual(r.command([1.0], 0), "no lease")
        self.assertEqual(r.lease([5, 1, 100_000], 0.01), "")
        self.assertEqual(r.command([1.0], 0.1), "")
        self.assertEqual(r.values, [1.0])

    def test_silence_of_the_lease_holds_though_commands_go_on(self):
        r = contract.LeasedReceiver(0.1)
        r.lease([5, 1, 80_000], 0)
        self.assertEqual(r.command([1.0], 0.08), "")
        self.assertEqual(r.command([1.0], 0.0801), "no lease")
        self.assertEqual([r.receiver.holding, r.receiver.reason, r.values], [True, "deadman", [1.0]])
        # A lease of the same epoch comes back: too late, somebody has to arm and engage.
        self.assertEqual(r.lease([5, 2, 80_000], 0.2), "held")
        self.assertEqual(r.command([1.0], 0.2), "no lease")
        self.assertEqual(r.lease([6, 3, 80_000], 0.3), "")
        self.assertEqual(r.command([1.0], 0.3), "")

    def test_an_old_lease_is_none(self):
        r = contract.LeasedReceiver(0.1)
        r.lease([5, 7, 100_000], 0)
        self.assertEqual(r.lease([4, 9, 100_000], 0.01), "old epoch")
        self.assertEqual(r.lease([5, 7, 100_000], 0.01), "old sequence")
        self.assertEqual(r.lease([5, 8, 0], 0.01), "no lease")
        for data in ([], [5, 8], [5, 8, 1, 1], [5.5, 8, 1000], [5, 8, math.nan], [None, None, None]):
            self.assertEqual(r.lease(data, 0.01), "malformed", data)
        # None of them made the first one younger.
        self.assertEqual(r.command([1.0], 0.1001), "no lease")

    def test_a_command_with_a_number_that_is_none_changes_nothing(self):
        r = contract.LeasedReceiver(0.1)
        r.lease([5, 1, 100_000], 0)
        r.command([1.0, 2.0], 0)
        for values in ([math.nan, 0.0], [0.0, math.inf], [None, 0.0]):
            self.assertEqual(r.command(values, 0.01), "malformed")
        self.assertEqual([r.values, r.commands, r.refused], [[1.0, 2.0], 1, 3])


def vector(x=0.0, y=0.0, z=0.0):
    return Message(x=x, y=y, z=z)


def pose_message(x=0.5):
    return Message(position=vector(x, 0.0, 0.1), orientation=Message(x=1.0, y=0.0, z=0.0, w=0.0))


def equilibrium(epoch=5, seq=1, **changes):
    m = Message(epoch=epoch, seq=seq, lease_ms=100.0, pose=pose_message(), stiffness=2000.0, stiffness_rotation=150.0)
    m.__dict__.update(changes)
    return m


class GuardOfMessages(unittest.TestCase):
    def made(self, kind):
        sent = []
        return kinds.Guard(kinds.KINDS[kind], 0.1, sent.append), sent

    def test_passes_a_command_on_and_holds_where_the_robot_was_measured(self):
        guard, sent = self.made("equilibrium_command")
        guard.tick(0)
        self.assertEqual(sent, [])
        self.assertEqual(guard.command(equilibrium(), 0), "")
        guard.measured(Message(pose=pose_message(0.49)), 0.09)
        guard.tick(0.1)
        self.assertEqual(len(sent), 1)
        guard.tick(0.11)
        guard.measured(Message(pose=pose_message(0.3)), 0.115)
        guard.tick(0.12)
        # Captured once: it does not creep after the robot.
        self.assertEqual([m.pose.position.x for m in sent[1:]], [0.49, 0.49])
        self.assertEqual([guard.status(0.12)[k] for k in ("holding", "reason")], [True, "deadman"])

    def test_without_a_fresh_measurement_the_last_setpoint_stays(self):
        guard, sent = self.made("equilibrium_command")
        guard.measured(Message(pose=pose_message(0.1)), 0)
        guard.command(equilibrium(), 5)
        guard.tick(6)
        self.assertEqual(sent[-1].pose.position.x, 0.5)

    def test_a_stop_holds_before_the_next_tick(self):
        guard, sent = self.made("twist")
        guard.lease(Message(data=[5, 1, 100_000]), 0)
        guard.command(Message(linear=vector(0.3), angular=vector(z=0.5)), 0)
        guard.stop(Message(epoch=5, reason="person"), 0.001)
        self.assertEqual([sent[-1].linear.x, sent[-1].angular.z], [0.0, 0.0])
        self.assertEqual(guard.status(0.001)["reason"], "stop: person")

    def test_each_kind_stands_still_in_its_own_way(self):
        messages = {
            "twist": Message(linear=vector(0.3), angular=vector(z=0.5)),
            "twist_stamped": Message(twist=Message(linear=vector(0.3), angular=vector(z=0.5))),
            "joint_jog": Message(velocities=[0.5, -1.0], displacements=[]),
            "joint_velocities": Message(data=[0.5, -1.0]),
            "joint_positions": Message(data=[0.5, -1.0]),
            "pose_stamped": Message(pose=pose_message(0.5)),
        }
        still = {
            "twist": [0.0] * 6,
            "twist_stamped": [0.0] * 6,
            "joint_jog": [0.0, 0.0],
            "joint_velocities": [0.0, 0.0],
            "joint_positions": [0.5, -1.0],
            "pose_stamped": [0.49, 0.0, 0.1, 1.0, 0.0, 0.0, 0.0],
        }
        for kind, message in messages.items():
            guard, sent = self.made(kind)
            self.assertEqual(guard.command(message, 0), "no lease", kind)
            guard.lease(Message(data=[5, 1, 100_000]), 0)
            self.assertEqual(guard.command(message, 0.05), "", kind)
            guard.measured(Message(pose=pose_message(0.49)), 0.1)
            guard.tick(0.11)
            self.assertEqual(kinds.KINDS[kind].numbers(sent[-1]), still[kind], kind)
            self.assertEqual(guard.status(0.11)["refused"], 1, kind)

    def test_nan_in_any_field_is_refused(self):
        guard, sent = self.made("twist")
        guard.lease(Message(data=[5, 1, 100_000]), 0)
        for field in "xyz":
            for part in ("linear", "angular"):
                m = Message(linear=vector(), angular=vector())
                setattr(getattr(m, part), field, math.nan)
                self.assertEqual(guard.command(m, 0), "malformed")
        self.assertEqual(sent, [])

    def test_all_kinds_are_named_and_spelt_for_both(self):
        for kind in kinds.KINDS.values():
            package, name = kind.ros1.split("/")
            self.assertEqual(kinds.ros2(kind.ros1), package + "/msg/" + name)


if __name__ == "__main__":
    unittest.main()
