import { execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { venv } from './venv.ts';

/** ROS 2 Jazzy as wheels on PyPI, for CPython 3.10 to 3.13 on Linux; `.ci/peers.sh` asks for the first of them. */
export const ROS2_PACKAGES = [
  'ros-rclpy==7.1.6',
  'ros-rmw-fastrtps-cpp==8.4.3',
  ...['std-msgs', 'std-srvs', 'geometry-msgs', 'sensor-msgs'].map((name) => `ros-${name}==5.3.6`),
  'rosbridge-server-rs==0.1.6',
];
const made = venv(
  'ros2-jazzy-7.1.6-rosbridge-0.1.6',
  ROS2_PACKAGES,
  'rclpy, rmw_fastrtps_cpp, std_srvs.srv, rosbridge_server_rs',
);

/** A Python that has rclpy, and what makes it. */
export const ROS2_PYTHON = made.python;
export const prepareRos2 = made.prepare;

/** Without it Fast DDS listens on every interface, whomever it looks for. */
const LOOPBACK = `<?xml version="1.0" encoding="UTF-8"?>
<dds xmlns="http://www.eprosima.com/XMLSchemas/fastRTPS_Profiles"><profiles>
  <transport_descriptors><transport_descriptor>
    <transport_id>loopback</transport_id><type>UDPv4</type>
    <interfaceWhiteList><address>127.0.0.1</address></interfaceWhiteList>
  </transport_descriptor></transport_descriptors>
  <participant profile_name="loopback" is_default_profile="true"><rtps>
    <userTransports><transport_id>loopback</transport_id></userTransports>
    <useBuiltinTransports>false</useBuiltinTransports>
  </rtps></participant>
</profiles></dds>
`;

/** The environment of a graph of its own, on the loopback interface alone. `dir`: for its files. */
export function ros2Graph(dir: string): NodeJS.ProcessEnv {
  const profile = join(dir, 'loopback.xml');
  writeFileSync(profile, LOOPBACK);
  return {
    ...process.env,
    ROS_AUTOMATIC_DISCOVERY_RANGE: 'LOCALHOST',
    // Ports are 7400 + 250 a domain: up to here they are below those that the kernel gives away.
    ROS_DOMAIN_ID: String(1 + (process.pid % 100)),
    RMW_IMPLEMENTATION: 'rmw_fastrtps_cpp',
    FASTRTPS_DEFAULT_PROFILES_FILE: profile,
    ROS_LOG_DIR: join(dir, 'log'),
    PYTHONDONTWRITEBYTECODE: '1',
  };
}

/** Library folders of the wheels, the server, and the library of Python: `ctypes` throws where this Python has none. */
const WHERE = `
import ctypes, os, sysconfig, rosbridge_server_rs
folder, name = sysconfig.get_config_var("LIBDIR"), sysconfig.get_config_var("INSTSONAME")
python = os.path.join(folder, name) if os.path.exists(os.path.join(folder, name)) else name
ctypes.CDLL(python)
print(os.environ["LD_LIBRARY_PATH"], os.path.dirname(rosbridge_server_rs.__file__), python, sep="\\n")
`;

/**
 * rosbridge_server_rs in the graph of `env`: how to start it. It is built for a sourced ROS 2: the wheel of rmw_implementation has no library,
 * so that of the only middleware takes its place, and libraries of messages want Python's. PyPI has no rosapi_msgs: no rosapi.
 * @throws Error where Python has no shared library
 */
export function rosbridgeServer(dir: string, env: NodeJS.ProcessEnv, port: number) {
  const prefix = join(ROS2_PYTHON, '../..');
  const said = execFileSync(ROS2_PYTHON, ['-c', WHERE], { env, encoding: 'utf8' });
  const [libraries, folder, python] = said.trim().split('\n') as [string, string, string];
  symlinkSync(join(prefix, 'lib/librmw_fastrtps_cpp.so'), join(dir, 'librmw_implementation.so'));
  const server = join(dir, 'rosbridge_server_rs');
  copyFileSync(join(folder, 'rosbridge_server_rs_jazzy'), server);
  chmodSync(server, 0o755);
  return {
    command: server,
    args: ['--no-rosapi', '--bind', `127.0.0.1:${port}`],
    env: { ...env, AMENT_PREFIX_PATH: prefix, LD_PRELOAD: python, LD_LIBRARY_PATH: `${dir}:${libraries}` },
  };
}
