# What the tests meet that npm does not bring: a browser, ROS 1's own Python packages, packages from PyPI, ROS 2 among them. Sourced by
# `.ci/run`, which installs each where it can.
#
# What is there, or was installed, goes into REFLEXARC_PEERS: a test that then misses it FAILS (tests/interop/peers.ts). What
# could be fetched but not installed fails here. What cannot be had on this machine (no root, no apt-get, nothing that can be
# reached, no such package in this distribution) is said here, its tests are skipped, and it is said again at the end.

untested=()
REFLEXARC_PEERS=''
ROS_PYTHON=/usr/bin/python3
# The one of tests/interop/ros2.ts.
ROS2_WHEEL=ros-rclpy==7.1.6
SHARED_PYTHON='
import ctypes, os, sysconfig
folder, name = sysconfig.get_config_var("LIBDIR"), sysconfig.get_config_var("INSTSONAME")
ctypes.CDLL(os.path.join(folder, name) if os.path.exists(os.path.join(folder, name)) else name)
'

# Debian package : Python module that it must bring.
ROS_PACKAGES=(
  python3-genpy:genpy.generator python3-std-msgs:std_msgs.msg python3-geometry-msgs:geometry_msgs.msg
  python3-sensor-msgs:sensor_msgs.msg python3-nav-msgs:nav_msgs.msg python3-rosgraph-msgs:rosgraph_msgs.msg
  python3-diagnostic-msgs:diagnostic_msgs.msg python3-trajectory-msgs:trajectory_msgs.msg python3-tf2-msgs:tf2_msgs.msg
  python3-visualization-msgs:visualization_msgs.msg
  python3-std-srvs:std_srvs.srv python3-rospy:rospy python3-rosmaster:rosmaster.main python3-rosbag:rosbag
)

has_peer() { REFLEXARC_PEERS="${REFLEXARC_PEERS:+$REFLEXARC_PEERS }$1"; }

not_here() {
  untested+=("$1")
  printf '\n*** NOT TESTED HERE: %s\n\n' "$1"
}

# 0: installed. 1: cannot be had on this machine, and `why` says why. 2: it could be fetched, and yet is not installed.
why=''
apt_install() {
  local try listed=no package
  [ "$(id -u)" -eq 0 ] || { why='not root'; return 1; }
  command -v apt-get >/dev/null || { why='no apt-get'; return 1; }
  for try in 1 2 3; do
    # Without the option a mirror that cannot be reached is a warning.
    if apt-get update -qq -o APT::Update::Error-Mode=any; then listed=yes; break; fi
    sleep "${APT_PAUSE_S:-5}"
  done
  for package in "$@"; do
    apt-cache show "$package" >/dev/null 2>&1 || { why="apt-get knows no $package"; return 1; }
  done
  for try in 1 2 3; do
    if DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >/dev/null; then return 0; fi
    sleep "${APT_PAUSE_S:-5}"
  done
  why="apt-get could not install $*"
  [ "$listed" = yes ] && return 2
  why="$why, and can reach no mirror"
  return 1
}

browser() {
  local rc=0
  if ! command -v chromium >/dev/null && ! command -v chromium-browser >/dev/null; then
    apt_install chromium || rc=$?
    if [ $rc -eq 1 ]; then not_here "what needs Chromium ($why)"; return 0; fi
    [ $rc -eq 0 ] || { echo "$why"; return 1; }
  fi
  has_peer chromium
}

# Every module, not the first few: a package that is missing is a test that is skipped.
ros_lacks() {
  local pair
  for pair in "${ROS_PACKAGES[@]}"; do
    "$ROS_PYTHON" -c "import ${pair#*:}" 2>/dev/null || echo "${pair%%:*}"
  done
}

ros() {
  local rc=0 lacking
  lacking=$(ros_lacks)
  if [ -n "$lacking" ]; then
    # shellcheck disable=SC2086 # one word a package
    apt_install $lacking || rc=$?
    if [ $rc -eq 1 ]; then not_here "what needs ROS 1 ($why; lacking: $(echo $lacking))"; return 0; fi
    [ $rc -eq 0 ] || { echo "$why"; return 1; }
    lacking=$(ros_lacks)
    [ -z "$lacking" ] || { echo "installed, and yet $ROS_PYTHON cannot import what they bring:" $lacking; return 1; }
  fi
  has_peer ros1
}

# The tests make their environments themselves; here it is asked whether they can.
pypi() {
  local folder rc=0
  folder=$(mktemp -d)
  if ! python3 -c 'import venv, ensurepip' 2>/dev/null; then
    apt_install python3-venv || rc=$?
    if [ $rc -eq 1 ]; then not_here "what needs packages from PyPI ($why)"; return 0; fi
    [ $rc -eq 0 ] || { echo "$why"; return 1; }
  fi
  python3 -m venv "$folder/venv" || { rm -rf "$folder"; echo 'python3 makes no virtual environment'; return 1; }
  if "$folder/venv/bin/python" -m pip download -q --no-deps -d "$folder" roslibpy; then
    has_peer pypi
    # Wheels for few versions of Python, and for Linux alone; the server among them wants a Python with a shared library.
    if "$folder/venv/bin/python" -c "$SHARED_PYTHON" 2>/dev/null && "$folder/venv/bin/python" -m pip download -q --no-deps --only-binary :all: -d "$folder" "$ROS2_WHEEL"; then has_peer ros2
    else not_here "what needs ROS 2 (no $ROS2_WHEEL on PyPI for this Python, or a Python without a shared library)"; fi
  else not_here 'what needs packages from PyPI, ROS 2 among it (pip cannot reach it)'; fi
  rm -rf "$folder"
}

# The update in PyTorch that `bench learning --case update` is compared with. Its wheel is too large to fetch here: it runs where python3
# has it; else only its arguments are read, and that is said. Any end but well or skipped is a fault.
torch_update() {
  local rc=0
  python3 tests/interop/torch_update.py --samples 1 --threads 1 || rc=$?
  [ $rc -ne 77 ] || { not_here 'the update in PyTorch (python3 has no torch)'; return 0; }
  return $rc
}

peers() {
  browser && ros && pypi || return 1
  export REFLEXARC_PEERS
  echo "required of the tests: ${REFLEXARC_PEERS:-nothing}"
}
