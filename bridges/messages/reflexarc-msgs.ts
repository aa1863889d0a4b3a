/** The .msg text of our own types, `reflexarc_msgs`, by name in long spelling, as ROS 2 has it. */
export const OURS: Readonly<Record<string, string>> = {
  'reflexarc_msgs/msg/EquilibriumCommand': `
# An equilibrium pose with stiffness, and what a receiver needs to refuse it.
std_msgs/Header header
# Grows whenever what was decided before must no longer move the robot. Refuse an older one.
uint64 epoch
# Grows within an epoch. Refuse one that is not newer.
uint32 seq
# Act on it for so long after its arrival and no longer, ms.
float64 lease_ms
# Stamp of the state that it was judged against.
builtin_interfaces/Time state_stamp
# Base frame, m.
geometry_msgs/Pose pose
# Translational, N/m.
float64 stiffness
# Rotational, Nm/rad.
float64 stiffness_rotation
# Mode of the ladder, and who the setpoint came from.
string mode
string source`,
  'reflexarc_msgs/msg/Stop': `
# Hold where you are, and refuse every command of this epoch and before.
std_msgs/Header header
uint64 epoch
string reason`,
  'reflexarc_msgs/msg/RobotStatus': `
# The robot side's own word on what it is doing.
std_msgs/Header header
# True while it holds by its own decision and follows no command.
bool holding
# start, deadman, "stop: ...", or empty while it follows commands.
string reason
# Of the last accepted command.
uint64 epoch
uint32 seq
uint32 accepted
uint32 refused
# Why the last refused command was refused; empty if none was.
string last_refusal
# Age of the last accepted command, ms; -1 before the first.
float64 command_age_ms`,
  'reflexarc_msgs/msg/EpisodeStatus': `
# The simulated task's own score.
std_msgs/Header header
uint32 episode
uint32 seed
# running, success or timeout.
string phase
bool success
bool violation
# Largest filtered force norm so far, N.
float64 max_force
# Largest distance from the mouth of the hole downwards, m.
float64 depth
float64 duration_s`,
  'reflexarc_msgs/msg/State': `
# What the daemon is doing.
std_msgs/Header header
# Mode of the ladder, with the code and the sentence of its last change.
string mode
string cause
string detail
# Of the newest stop: what a reset answers. 0 before the first.
uint32 incident
# Command epoch in force, and the sequence of the last command.
uint64 epoch
uint32 command_seq
# Who the last setpoint came from: none, policy, takeover, recovery, hold, brake.
string source
bool link_up
bool brain_up
# The operator's, [0, 1].
float64 residual_scale
float64 speed_scale
# Who has taken over; empty while the policy decides.
string takeover
# Takeovers that were refused since the daemon began, and why the last one was.
uint32 takeovers_refused
string takeover_refusal
# Of the gate, since the reflex process began.
uint32 interventions
# Since the daemon's observer began: messages of ours that clients of its ROS server, viewers or the robot's graph did not
# get, operations of clients and viewers that were refused, and those of them that were turned away.
uint32 dropped
uint32 refused
uint32 turned_away
# What stands against the robot's ROS bridge now, a sentence each: lost connections, silent topics, other types. What only
# the reflex or the brain finds begins with its name.
string[] bridge_faults`,
  'reflexarc_msgs/msg/Takeover': `
# A person's action in the place of the policy's. Send one at least every takeover_age_ms, for silence is a hold.
std_msgs/Header header
# Of ~/lease or ~/command: epoch and sequence of the newest command that you have seen. How old this is, is how old that is.
uint64 epoch
uint32 command_seq
# Grows from one to the next within an epoch.
uint32 seq
# In the units of the policy's action, each in [-1, 1]. Cartesian impedance: dx dy dz k. Joints: one a joint. Base: vx vy wz.
float64[] action
# True gives the decision back to the policy; the action is not looked at.
bool release
# Who you are, for whoever else looks.
string operator`,
  'reflexarc_msgs/msg/Command': `
# One command as it went out, whatever message the robot takes.
std_msgs/Header header
uint64 epoch
uint32 seq
# The robot may act on it for so long, ms.
float64 lease_ms
# Mode of the ladder, and who it came from: policy, takeover, recovery, hold, brake.
string mode
string source
# Of the gate's tick, of the decision and of the takeover that it was made in; -1 when there was none.
uint32 tick
int64 decision_seq
int64 takeover_seq
# Layout of the command interface. Cartesian impedance: x y z qx qy qz qw kt kr. Joints: rad/s or rad. Base: vx vy wz.
float64[] setpoint`,
  'reflexarc_msgs/msg/Intervention': `
# Something takes authority from the policy: one message when it begins.
std_msgs/Header header
uint64 epoch
# attenuated, base_alone, takeover, or the cause of a recovery, a hold or a stop.
string cause
# gate or person.
string by
# Interventions of the gate since the reflex process began.
uint32 count`,
  'reflexarc_msgs/srv/SetScale_Request': `
# In [0, 1].
float64 scale`,
  'reflexarc_msgs/srv/SetScale_Response': `
bool success
# Why not.
string message`,
  'reflexarc_msgs/msg/Decision': `
# The brain's answer to one observation, with that observation.
std_msgs/Header header
# Epoch of commands that it was made for.
uint64 epoch
uint32 seq
uint32 observation_seq
builtin_interfaces/Time observation_stamp
# What the base and the residual policy saw.
float64[] observation_base
float64[] observation_residual
# Normalised action units, [-1, 1]; the residual as bounded and scaled.
float64[] base
float64[] residual
# Scale in it, of config and operator.
float64 residual_scale`,
  'reflexarc_msgs/msg/TickRecord': `
# One tick of the gate: what it judged, and what it let out. A number that there is none of is NaN; over a robot's
# rosbridge, which takes none, it is -1, a list of such is empty, and what is infinite is the largest double.
std_msgs/Header header
uint64 epoch
uint32 seq
string mode
string source
# Of the state and of the decision that it was judged with.
uint32 state_seq
builtin_interfaces/Time state_stamp
# -1 when there was no decision.
int64 decision_seq
# Sequence of the command of this tick; 0 when there was none.
uint32 command_seq
# Of the person who has taken over; -1 while nobody has.
int64 takeover_seq
# Fraction of the residual that was left, [0, 1].
float64 residual_fraction
# Critic's risk of the remaining action, [0, 1]; none while it does not judge.
float64 risk
# Filtered force norm, N.
float64 force
# Rule that spoke, what it saw and what it allows; empty when none did.
string cause
float64 value
float64 limit
# Where the policy wants to go, and the setpoint that went out; none without a command.
float64[] aim
float64[] setpoint
bool sent
# Why the bridge refused it; empty when it was sent.
string refused
# Time of the tick alone, and from the arrival of the state to the command handed over.
float64 compute_us
float64 loop_us`,
  'reflexarc_msgs/msg/GateJournal': `
# Calls of the gate in the order in which they were made: replayed on a new gate with the same config, they give the same
# commands bit for bit. One after another: kind, size of what follows, arguments; the layout of this version is in
# src/pipeline/journal/entry.ts.
std_msgs/Header header
uint32 version
# Number of the first entry, counted from the birth of the gate: a gap is a loss.
uint64 first
float64[] entries`,
  'reflexarc_msgs/msg/LadderTransition': `
# One change of the ladder's mode. Numbers that are none or infinite are as in TickRecord.
std_msgs/Header header
string from_mode
string to_mode
# Code of the rule or event, and one sentence on what was seen and what was allowed.
string cause
string detail
float64 value
float64 limit
# From value to limit, negative by how far the value was past it.
float64 margin
uint32 incident
uint64 epoch`,
};
